#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "piperpc/catch_all_service.h"
#include "server/server_fixture.h"
#include "support/journal.h"
#include "support/recording_middleware.h"

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::FrameKind;

using Recorder = RecordingMiddleware<ServerMiddleware, ServerContext>;

// Beside the test service, one that takes all others' calls.
class CatchAll : public ServerFixture {
 protected:
  ~CatchAll() override { server_.reset(); }  // Before what it uses.

  void StartWithRest(ServerOptions options = {}) {
    options.transport = &transport();
    server_ = std::make_unique<Server>(std::move(options));
    ASSERT_TRUE(server_->AddCatchAll(rest_).ok());
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
  }

  // Does what the request asks for, after a message with the name that it was called by.
  Stream<RawMessage> TakeOne(ServerContext& context, RawMessage request) {
    calls.Add();
    RawMessage name{std::string(context.method())};
    co_yield name;
    if (request.bytes == "end") co_return;
    if (request.bytes == "fail") {
      const absl::Status failed = absl::AbortedError("failed");
      co_yield failed;
    }
    if (request.bytes == "wait") {
      auto passing = release_.Pass();
      co_await passing;
    }
    if (request.bytes == "flood") {
      for (;;) co_yield request;
    }
    if (request.bytes == "large") request.bytes.assign(1 << 20, 'l');
    RawResponse response(std::move(request));
    co_yield response;
    calls.Add();  // It never comes here.
  }

  Stream<RawMessage> TakeMany(ServerContext& context, CoReader<RawMessage> requests) {
    std::string all(context.method());
    while (std::optional<RawMessage> request = co_await requests.CoNext()) all += request->bytes;
    RawResponse response(RawMessage{all});
    co_yield response;
  }

  Counter calls;  // Of one request.
  Door release_;
  CatchAllService rest_{[this](ServerContext& context, RawMessage request) {
                          return TakeOne(context, std::move(request));
                        },
                        [this](ServerContext& context, CoReader<RawMessage> requests) {
                          return TakeMany(context, requests);
                        }};
};

std::string EncodedStart(std::uint64_t id, std::string_view method) {
  return Encode({.kind = FrameKind::kRequest, .call_id = id, .method = method});
}

std::string EncodedMessage(std::uint64_t id, std::string_view payload) {
  return Encode({.kind = FrameKind::kMessage, .call_id = id}, payload);
}

std::string EncodedHalfClose(std::uint64_t id) {
  return Encode({.kind = FrameKind::kHalfClose, .call_id = id});
}

// The bytes of the call's next frame, which is of that kind, and says no error.
std::string Payload(WireClient& client, FrameKind kind) {
  OwnedFrame frame = client.NextAfterHello();
  while (frame.kind == FrameKind::kCredit) frame = client.NextAfterHello();
  EXPECT_EQ(frame.kind, kind);
  EXPECT_TRUE(frame.status.ok()) << frame.status;
  return frame.payload;
}

TEST_F(CatchAll, GetsTheCallsOfServicesThatNobodyAdded) {
  StartWithRest();
  WireClient client = Connect();
  client.Send({EncodedHello()});
  // The last has a service whose name begins like that of one that was added.
  const char* const names[] = {"a.v1.A/Get",  "a.v1.A/Put", "a.v1.B/Get",
                               "NoPackage/M", "_a.b_/_1",   "test.v1.Test2/Echo"};
  std::uint64_t id = 0;
  for (const char* name : names) {
    client.Send({EncodedRequest(++id, name, "x")});
    EXPECT_EQ(Payload(client, FrameKind::kMessage), name);
    EXPECT_EQ(Payload(client, FrameKind::kResponse), "x");
    client.Send({EncodedRequest(++id, "test.v1.Test/Echo", "y")});
    EXPECT_EQ(Payload(client, FrameKind::kResponse), "y");
    client.Send({EncodedStart(++id, name), EncodedMessage(id, "1"), EncodedMessage(id, "2"),
                 EncodedHalfClose(id)});
    EXPECT_EQ(Payload(client, FrameKind::kResponse), std::string(name) + "12");
  }
}

TEST_F(CatchAll, DoesNotGetUnknownMethodsOfServicesThatWereAdded) {
  StartWithRest();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/None", ""),
               EncodedStart(2, "test.v1.Test/None"), EncodedRequest(3, "test.v1.Test/", ""),
               EncodedRequest(4, "test.v1.Test", "")});
  for (const char* const why :
       {"has no such method", "has no such method", "must be package.Service/Method",
        "must be package.Service/Method"}) {
    const absl::Status status = client.NextAfterHello().status;
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  }
  EXPECT_EQ(calls.count(), 0);
}

TEST_F(CatchAll, DoesNotGetWhatIsNoName) {
  StartWithRest();
  WireClient client = Connect();
  using namespace std::string_view_literals;
  const std::string_view names[] = {
      ""sv,         "a.v1.A/\xff"sv,  "noslash"sv,    "/"sv,       "/a.v1.A/Get"sv, "a.v1.A/"sv,
      "a..A/Get"sv, "a.v1.A/Get/x"sv, "a.A/\033]0"sv, "a.A/G\n"sv, "a.A/\0"sv,      "a.1A/Get"sv};
  client.Send({EncodedHello()});
  std::uint64_t id = 0;
  for (const std::string_view name : names) {
    client.Send({EncodedRequest(++id, name, ""), EncodedStart(++id, name)});
  }
  for (std::uint64_t i = 0; i < id; ++i) {
    const absl::Status status = client.NextAfterHello().status;
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  }
  EXPECT_EQ(calls.count(), 0);
}

TEST_F(CatchAll, EndsACallWithAStatusAResponseOrNothing) {
  StartWithRest();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "a.A/B", "end"),
               EncodedRequest(2, "a.A/B", "fail"), EncodedRequest(3, "a.A/B", "")});
  EXPECT_EQ(Payload(client, FrameKind::kMessage), "a.A/B");
  EXPECT_EQ(Payload(client, FrameKind::kResponse), "");
  EXPECT_EQ(Payload(client, FrameKind::kMessage), "a.A/B");
  const OwnedFrame failed = client.NextAfterHello();
  EXPECT_EQ(failed.kind, FrameKind::kResponse);
  EXPECT_EQ(failed.status, absl::AbortedError("failed"));
  EXPECT_EQ(failed.payload, "");
  EXPECT_EQ(Payload(client, FrameKind::kMessage), "a.A/B");
  EXPECT_EQ(Payload(client, FrameKind::kResponse), "");
  client.Send({EncodedRequest(4, "test.v1.Test/Echo", "on")});
  EXPECT_EQ(Payload(client, FrameKind::kResponse), "on");
  EXPECT_EQ(calls.count(), 3);
}

TEST_F(CatchAll, RefusesAResponseThatTheClientDoesNotTake) {
  StartWithRest();
  WireClient client = Connect();
  client.Send({EncodedHello({.max_packet_bytes = 128 * 1024,
                             .max_message_bytes = 64 * 1024,
                             .max_calls = 100,
                             .max_metadata_bytes = 8192,
                             .initial_credit = 64 * 1024}),
               EncodedRequest(1, "a.A/B", "large")});
  EXPECT_EQ(Payload(client, FrameKind::kMessage), "a.A/B");
  const absl::Status status = client.NextAfterHello().status;
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_message_bytes"));
}

TEST_F(CatchAll, IsStoppedLikeEveryOtherHandler) {
  StartWithRest();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "a.A/B", "wait"),
               EncodedRequest(2, "a.A/C", "flood"), EncodedStart(3, "a.A/D")});
  ASSERT_TRUE(calls.WaitFor(2));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    client.Send({Encode({.kind = FrameKind::kCancel, .call_id = id})});
  }
  for (int ended = 0; ended < 3;) {
    const OwnedFrame frame = client.NextAfterHello();
    if (frame.kind != FrameKind::kResponse) continue;
    if (++ended == 2) release_.Set();  // The first call responds, and has been stopped before.
    EXPECT_TRUE(absl::IsCancelled(frame.status)) << frame.status;
    EXPECT_EQ(frame.payload, "");
  }
}

TEST_F(CatchAll, EachOfItsCallsKeepsItsNameToTheEnd) {
  Journal journal;
  StartWithRest(
      {.middleware = {std::make_shared<Recorder>("m", journal, [](ServerContext& context) {
         return context.method().ends_with("No") ? absl::PermissionDeniedError("a.A/No")
                                                 : absl::OkStatus();
       })}});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "a.A/No", ""), EncodedRequest(2, "a.A/B", "wait"),
               EncodedRequest(3, "a.A/" + std::string(1000, 'c'), "wait")});
  EXPECT_EQ(client.NextAfterHello().status, absl::PermissionDeniedError("a.A/No"));
  ASSERT_TRUE(calls.WaitFor(2));
  EXPECT_THAT(journal.Lines(3), ElementsAre("m before a.A/No", "m before a.A/B",
                                            "m before a.A/" + std::string(1000, 'c')));
  EXPECT_THAT(server_->Shutdown(milliseconds(0)).aborted,
              ElementsAre(HasSubstr("a.A/B "), HasSubstr(std::string(1000, 'c'))));
}

TEST_F(CatchAll, MayAskForALogin) {
  rest_.RequireLogin();
  StartWithRest();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "a.A/B", "x"), EncodedStart(2, "a.A/C")});
  for (const char* name : {"a.A/B", "a.A/C"}) {
    const absl::Status status = client.NextAfterHello().status;
    EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(name));
  }
  EXPECT_EQ(calls.count(), 0);
  client.Send({EncodedRequest(3, "test.v1.Test/SetUser", "ana"), EncodedRequest(4, "a.A/B", "x")});
  EXPECT_EQ(Payload(client, FrameKind::kResponse), "");
  EXPECT_EQ(Payload(client, FrameKind::kMessage), "a.A/B");
}

TEST_F(CatchAll, IsNotAmongTheNamesOfServices) {
  StartWithRest();
  EXPECT_THAT(server_->service_names(), ElementsAre("test.v1.Test"));
}

TEST_F(CatchAll, IsOneAndWhole) {
  CatchAllService half([this](ServerContext& context,
                              RawMessage request) { return TakeOne(context, std::move(request)); },
                       {});
  Server server({.transport = &transport()});
  const absl::Status missing = server.AddCatchAll(half);
  EXPECT_TRUE(absl::IsInvalidArgument(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("needs two handlers, one for calls with"));
  EXPECT_TRUE(server.AddCatchAll(rest_).ok());
  const absl::Status second = server.AddCatchAll(rest_);
  EXPECT_EQ(second, absl::AlreadyExistsError(
                        "a catch-all service has been added already; a server has one"));
}

TEST_F(CatchAll, IsNotAddedToAServerThatRuns) {
  Start();
  const absl::Status late = server_->AddCatchAll(rest_);
  EXPECT_TRUE(absl::IsFailedPrecondition(late)) << late;
  EXPECT_THAT(std::string(late.message()), HasSubstr("already started"));
}

}  // namespace
}  // namespace piperpc::testing
