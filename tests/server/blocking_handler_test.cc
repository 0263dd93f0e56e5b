// Blocking handlers, and everybody else beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "piperpc/internal/blocking.h"
#include "server/server_fixture.h"

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::FrameKind;

// Handlers that work until the test lets them go, whatever their caller does.
class BlockingHandlers : public ServerFixture {
 protected:
  BlockingHandlers() {
    blocking_.AddServerStreaming("Watch", [this](ServerContext& context, RawMessage request) {
      return internal::ServerStreamOnWorker<BlockingHandlers, RawMessage, RawMessage>(
          *this, &BlockingHandlers::Watch, context, std::move(request));
    });
    blocking_.AddServerStreaming("Flood", [this](ServerContext& context, RawMessage request) {
      return internal::ServerStreamOnWorker<BlockingHandlers, RawMessage, RawMessage>(
          *this, &BlockingHandlers::Flood, context, std::move(request));
    });
    blocking_.AddClientStreaming(
        "Upload", [this](ServerContext& context, CoReader<RawMessage> reader) {
          return internal::ClientStreamOnWorker<BlockingHandlers, RawMessage, RawMessage>(
              *this, &BlockingHandlers::Upload, context, std::move(reader));
        });
    blocking_.AddUnary("Get", [this](ServerContext& context, RawMessage request) {
      return internal::UnaryOnWorker<BlockingHandlers, RawMessage, RawMessage>(
          *this, &BlockingHandlers::Get, context, std::move(request));
    });
    blocking_.AddBidirectional("Talk", [this](ServerContext& context, CoReader<RawMessage> reader) {
      return internal::BidiOnWorker<BlockingHandlers, RawMessage, RawMessage>(
          *this, &BlockingHandlers::Talk, context, std::move(reader));
    });
  }
  ~BlockingHandlers() override {
    LetGo();
    server_.reset();
  }

  void StartBoth(ServerOptions options = {}) { Start(std::move(options), {&blocking_}); }

  void LetGo() {
    if (!std::exchange(released_, true)) release_.set_value();
  }

  // Another connection is served.
  void ExpectServed() {
    WireClient bystander = Connect();
    bystander.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "served")});
    EXPECT_EQ(bystander.NextAfterHello().payload, "served");
  }

  static std::string Request(std::uint64_t id, std::string_view method,
                             std::uint64_t timeout_us = 0) {
    return Encode({.kind = FrameKind::kRequest,
                   .call_id = id,
                   .flags = method == "b.B/Upload" || method == "b.B/Talk" ? 0 : wire::kEnd,
                   .method = method,
                   .timeout_us = timeout_us});
  }

  RawService blocking_{"b.B"};
  Counter begun_;
  Counter stopped_;  // Told that nobody waits any more.
  Counter ended_;

 private:
  absl::Status Watch(ServerContext& context, const RawMessage&, Writer<RawMessage>& writer) {
    writer.Write(RawMessage{"first"});
    Work(context);
    writer.Write(RawMessage{"second"});
    return absl::OkStatus();
  }
  absl::Status Flood(ServerContext&, const RawMessage&, Writer<RawMessage>& writer) {
    while (writer.Write(RawMessage{std::string(10'000, 'f')})) {
    }
    ended_.Add();
    return absl::OkStatus();
  }
  absl::StatusOr<RawMessage> Upload(ServerContext& context, Reader<RawMessage>&) {
    Work(context);
    return RawMessage{};
  }
  absl::Status Talk(ServerContext&, Reader<RawMessage>& reader, Writer<RawMessage>& writer) {
    begun_.Add();
    while (std::optional<RawMessage> line = reader.Next()) {
      writer.Write(RawMessage{"re: " + line->bytes});
    }
    ended_.Add();
    return absl::OkStatus();
  }
  absl::StatusOr<RawMessage> Get(ServerContext& context, const RawMessage&) {
    Work(context);
    return RawMessage{};
  }

  void Work(ServerContext& context) {
    const std::stop_callback told(context.stop_token(), [this] { stopped_.Add(); });
    begun_.Add();
    let_go_.wait();
    EXPECT_THAT(std::string(context.method()), HasSubstr("b.B/"));  // Still there.
    ended_.Add();
  }

  std::promise<void> release_;
  std::shared_future<void> let_go_ = release_.get_future();
  bool released_ = false;
};

TEST_F(BlockingHandlers, OfACancelledCallHoldUpNobody) {
  StartBoth();
  int round = 0;
  for (const char* method : {"b.B/Watch", "b.B/Upload", "b.B/Get"}) {
    WireClient client = Connect();
    client.Send({EncodedHello(), Request(1, method)});
    ASSERT_TRUE(begun_.WaitFor(++round)) << method;
    client.Send({Encode({.kind = FrameKind::kCancel, .call_id = 1})});
    ExpectServed();
  }
}

TEST_F(BlockingHandlers, PastTheirDeadlineHoldUpNobody) {
  StartBoth();
  WireClient client = Connect();
  // Enough for the handlers to begin, on a busy machine, too.
  constexpr std::uint64_t kTime = 3'000'000;
  client.Send({EncodedHello(), Request(1, "b.B/Watch", kTime), Request(2, "b.B/Get", kTime)});
  ASSERT_TRUE(begun_.WaitFor(2));
  ASSERT_TRUE(stopped_.WaitFor(2));
  ExpectServed();
  LetGo();
  for (int replies = 0; replies < 2;) {
    const OwnedFrame frame = client.NextAfterHello();
    if (frame.kind != FrameKind::kResponse) continue;
    EXPECT_TRUE(absl::IsDeadlineExceeded(frame.status)) << frame.status;
    ++replies;
  }
}

TEST_F(BlockingHandlers, OfAClientThatIsGoneHoldUpNobody) {
  StartBoth();
  {
    WireClient client = Connect();
    client.Send({EncodedHello(), Request(1, "b.B/Watch"), Request(2, "b.B/Upload")});
    ASSERT_TRUE(begun_.WaitFor(2));
  }
  ExpectServed();
  LetGo();
  EXPECT_TRUE(ended_.WaitFor(2));
}

TEST_F(BlockingHandlers, WaitingForAClientThatDoesNotReadAreLetGoByItsCancel) {
  StartBoth();
  WireClient client = Connect();
  client.Send({EncodedHello(), Request(1, "b.B/Flood")});
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
  client.Send({Encode({.kind = FrameKind::kCancel, .call_id = 1})});
  OwnedFrame frame = client.NextAfterHello();
  while (frame.kind == FrameKind::kMessage) frame = client.NextAfterHello();
  EXPECT_TRUE(absl::IsCancelled(frame.status)) << frame.status;
  EXPECT_TRUE(ended_.Reached(1));
}

TEST_F(BlockingHandlers, OfBothDirectionsReplyWhileTheyRead) {
  StartBoth();
  WireClient client = Connect();
  client.Send({EncodedHello(), Request(1, "b.B/Talk")});
  for (const char* line : {"one", "two"}) {
    client.Send({Encode({.kind = FrameKind::kMessage, .call_id = 1}, line)});
    OwnedFrame frame = client.NextAfterHello();
    while (frame.kind == FrameKind::kCredit) frame = client.NextAfterHello();
    EXPECT_EQ(frame.kind, FrameKind::kMessage);
    EXPECT_EQ(frame.payload, std::string("re: ") + line);
  }
  EXPECT_FALSE(ended_.Reached(1));
  client.Send({Encode({.kind = FrameKind::kHalfClose, .call_id = 1})});
  const OwnedFrame end = client.NextAfterHello();
  EXPECT_EQ(end.kind, FrameKind::kResponse);
  EXPECT_TRUE(end.status.ok()) << end.status;
}

TEST_F(BlockingHandlers, OfBothDirectionsThatReadAreLetGoByTheEndOfTheirCall) {
  StartBoth();
  WireClient client = Connect();
  client.Send({EncodedHello(), Request(1, "b.B/Talk")});
  ASSERT_TRUE(begun_.WaitFor(1));
  client.Send({Encode({.kind = FrameKind::kCancel, .call_id = 1})});
  const OwnedFrame end = client.NextAfterHello();
  EXPECT_TRUE(absl::IsCancelled(end.status)) << end.status;
  EXPECT_TRUE(ended_.WaitFor(1));
  client.Send({Request(2, "b.B/Talk")});
  ASSERT_TRUE(begun_.WaitFor(2));
  client.Close();
  EXPECT_TRUE(ended_.WaitFor(2));
}

TEST_F(BlockingHandlers, OfCallsThatAreOverDoNotBegin) {
  StartBoth({.worker_threads = 1});
  WireClient client = Connect();
  client.Send({EncodedHello(), Request(1, "b.B/Get")});
  ASSERT_TRUE(begun_.WaitFor(1));
  for (std::uint64_t id = 2; id <= 30; ++id) {
    const char* const method = id % 3 == 0 ? "b.B/Watch" : id % 3 == 1 ? "b.B/Upload" : "b.B/Get";
    client.Send({Request(id, method), Encode({.kind = FrameKind::kCancel, .call_id = id})});
    const OwnedFrame reply = client.NextAfterHello();  // At once: it waits for no thread.
    EXPECT_EQ(reply.call_id, id);
    EXPECT_TRUE(absl::IsCancelled(reply.status)) << reply.status;
  }
  client.Send({Request(31, "b.B/Get")});
  LetGo();
  ASSERT_TRUE(ended_.WaitFor(2));
  server_->Shutdown(milliseconds(20'000));
  EXPECT_FALSE(ended_.Reached(3));
}

TEST_F(BlockingHandlers, KeepTheirSlotUntilTheyHaveEnded) {
  StartBoth({.max_calls_per_connection = 16, .worker_threads = 22});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 16; ++id) client.Send({Request(id, "b.B/Get")});
  ASSERT_TRUE(begun_.WaitFor(16));
  for (std::uint64_t id = 1; id <= 16; ++id) {
    client.Send({Encode({.kind = FrameKind::kCancel, .call_id = id})});
  }
  client.Send({EncodedRequest(17, "test.v1.Test/Echo", "")});
  const OwnedFrame refused = client.NextAfterHello();
  EXPECT_EQ(refused.call_id, 17u);
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status)) << refused.status;
}

TEST_F(BlockingHandlers, ThatIgnoreAShutdownAreNamedAndDoNotHoldItUp) {
  StartBoth();
  WireClient client = Connect();
  client.Send({EncodedHello(), Request(1, "b.B/Get")});
  ASSERT_TRUE(begun_.WaitFor(1));
  const ShutdownReport report = server_->Shutdown(milliseconds(1));
  EXPECT_THAT(report.aborted, ElementsAre(HasSubstr("b.B/Get")));
  EXPECT_FALSE(report.clean());
  EXPECT_TRUE(absl::IsUnavailable(client.Goaway()));
  LetGo();
  server_.reset();  // Waits for the handler, which uses its service.
  EXPECT_TRUE(ended_.Reached(1));
}

// The first loop is held up while the server asks it to end its calls, and begins this one then.
TEST_F(BlockingHandlers, ThatBeginAfterTheyWereToEndKeepTheirCalls) {
  Counter asked;  // The second loop ends its calls, so the first one was asked to.
  struct Guard {
    Counter& asked;
    ~Guard() { asked.Add(); }
  };
  RawService around("a.A");
  Counter held_up;
  const auto hold_up = [&held_up](Counter& counter) -> Task<RawResult> {
    held_up.Add();
    EXPECT_TRUE(counter.WaitFor(1));
    co_return RawMessage{};
  };
  around.AddUnary("UntilAsked", [&](ServerContext&, RawMessage) { return hold_up(asked); });
  around.AddUnary("UntilBegun", [&](ServerContext&, RawMessage) { return hold_up(begun_); });
  const auto stay = [&asked](TestService& service) -> Task<RawResult> {
    const Guard guard{asked};
    service.entered.Add();
    auto passing = service.release.Pass();
    co_await passing;
    co_return RawMessage{};
  };
  around.AddUnary("Stay", [&](ServerContext&, RawMessage) { return stay(service_); });
  Start({.event_loops = 2}, {&blocking_, &around});
  WireClient first = Connect();
  WireClient second = Connect();
  first.Send({EncodedHello()});
  second.Send({EncodedHello(), EncodedRequest(1, "a.A/Stay", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  first.Send({EncodedRequest(1, "a.A/UntilAsked", ""), Request(2, "b.B/Get"),
              EncodedRequest(3, "a.A/UntilBegun", "")});
  ASSERT_TRUE(held_up.WaitFor(1));
  const ShutdownReport report = server_->Shutdown(milliseconds(1));
  EXPECT_FALSE(report.clean());
  EXPECT_EQ(server_->stats().calls, 1u);
  LetGo();
  server_.reset();
  EXPECT_TRUE(ended_.Reached(1));
}

}  // namespace
}  // namespace piperpc::testing
