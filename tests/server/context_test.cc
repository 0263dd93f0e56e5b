// What a handler holds goes away with its frame, after the call has ended; its context is still
// there then. Best under ASan.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/call_values.h"
#include "server/server_fixture.h"

namespace piperpc::testing {
namespace {

using wire::FrameKind;

// Says at the end how a call has gone, as an author would: with all that a context has.
class Guard {
 public:
  Guard(ServerContext& context, Counter& gone) : context_(context), gone_(gone) {}
  ~Guard() {
    context_.AddTrailer("method", context_.method());
    context_.AddTrailer("user", context_.peer().user);
    context_.AddTrailer("keys", std::to_string(context_.metadata().size()));
    context_.stop_token();
    gone_.Add();
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  ServerContext& context_;
  Counter& gone_;
};

const CallKey<Guard> kGuard;

class Contexts : public ServerFixture {
 protected:
  Contexts() {
    service_more_.AddServerStreaming("Held", [this](ServerContext& context, RawMessage request) {
      return Hold(context, std::move(request), gone_);
    });
    service_more_.AddServerStreaming("Kept", [this](ServerContext& context, RawMessage request) {
      kGuard.Emplace(context.values(), context, gone_);
      return Hold(context, std::move(request), other_);
    });
  }
  ~Contexts() override { server_.reset(); }  // Before what it uses.

  // Yields one message, and then waits for room, or ends with an error.
  static Stream<RawMessage> Hold(ServerContext& context, RawMessage request, Counter& gone) {
    const Guard guard(context, gone);
    context.AddTrailer("begun", "yes");
    RawMessage reply{"x"};
    co_yield reply;
    if (request.bytes == "fail") {
      const absl::Status failed = absl::AbortedError("failed");
      co_yield failed;
    }
    RawMessage more{std::string(1000, 'x')};
    for (;;) co_yield more;
  }

  // Ends calls of `method` in all ways, and expects the guard of each to have gone.
  void ExpectGuardsGone(const std::string& method) {
    Start({}, {&service_more_});
    {
      WireClient client = Connect();
      client.Send({EncodedHello(), EncodedRequest(1, method, "fail"), EncodedRequest(2, method, ""),
                   EncodedRequest(3, method, "")});
      while (client.NextAfterHello().kind != FrameKind::kResponse) {
      }
      client.Send({Encode({.kind = FrameKind::kCancel, .call_id = 2})});
      EXPECT_TRUE(gone_.WaitFor(2));
    }
    EXPECT_TRUE(gone_.WaitFor(3));
    WireClient client = Connect();
    client.Send({EncodedHello(), EncodedRequest(1, method, "")});
    EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
    server_.reset();
    EXPECT_TRUE(gone_.WaitFor(4));
  }

  Counter gone_;
  Counter other_;
  RawService service_more_{"c.C"};
};

TEST_F(Contexts, AreThereForWhatTheFrameOfAHandlerHolds) { ExpectGuardsGone("c.C/Held"); }

TEST_F(Contexts, AreThereForTheirValues) { ExpectGuardsGone("c.C/Kept"); }

}  // namespace
}  // namespace piperpc::testing
