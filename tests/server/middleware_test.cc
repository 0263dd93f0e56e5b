#include "piperpc/middleware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "piperpc/internal/thunks.h"
#include "server/server_fixture.h"
#include "src/wire/metadata.h"
#include "support/eventually.h"
#include "support/journal.h"
#include "support/recording_middleware.h"

namespace piperpc::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;
using wire::FrameKind;

using Recorder = RecordingMiddleware<ServerMiddleware, ServerContext>;

// With a method that needs a login, and one that nothing fits as a request.
class StrictService final : public Service {
 public:
  std::string_view name() const override { return "test.v1.Strict"; }
  std::span<const Method> methods() const override { return kMethods; }

 private:
  static void Start(Service&, internal::ServerCall& call) {
    call.Finish(internal::MalformedRequest(call.context().method(), call.request().size(),
                                           internal::ParseResult::kMalformed));
  }

  static constexpr Method kMethods[] = {
      {.name = "test.v1.Strict/Locked", .requires_login = true, .start = &Start},
      {.name = "test.v1.Strict/Parsed", .start = &Start}};
};

class Middleware : public ServerFixture {
 protected:
  ~Middleware() override { server_.reset(); }  // Before what it uses.

  // Three of them, around every call; the one in the middle may refuse.
  void StartWithThree(Recorder::Refuse refuse = {}, ServerOptions options = {},
                      std::initializer_list<Service*> more = {}) {
    options.middleware = {std::make_shared<Recorder>("a", journal_),
                          std::make_shared<Recorder>("b", journal_, std::move(refuse)),
                          std::make_shared<Recorder>("c", journal_)};
    Start(std::move(options), more);
  }

  // Keeps the loop until only `left` remains until the call's deadline, and then waits to be
  // stopped.
  static Stream<RawMessage> Hold(ServerContext& context, std::chrono::milliseconds left) {
    EXPECT_TRUE(
        Eventually([&] { return std::chrono::steady_clock::now() >= context.deadline() - left; }));
    AsyncEvent never;
    co_await never.Wait(context.stop_token());
  }

  // What they see of a call that none of them refuses.
  static std::vector<std::string> Around(const std::string& method, const std::string& code) {
    std::vector<std::string> lines;
    for (const char* name : {"a", "b", "c"}) {
      lines.push_back(name + (" before " + method));
    }
    for (const char* name : {"c", "b", "a"}) lines.push_back(name + (" after " + code));
    return lines;
  }

  StrictService strict_;
  Journal journal_;
};

std::string EncodedStart(std::uint64_t id, std::string_view method, std::string_view metadata = {},
                         std::uint64_t timeout_us = 0) {
  return Encode({.kind = FrameKind::kRequest,
                 .call_id = id,
                 .method = method,
                 .timeout_us = timeout_us,
                 .metadata = metadata});
}

// How one call ends whose client waits for that, and what its bytes are.
struct Ending {
  std::string name;
  std::string method;
  std::string code;
  std::string request;
  std::string then = {};  // Sent behind it.
};

std::string EncodedEnd(std::string_view method, std::string_view metadata,
                       std::uint64_t timeout_us = 0, std::string_view payload = {}) {
  return Encode({.kind = FrameKind::kRequest,
                 .call_id = 1,
                 .flags = wire::kEnd,
                 .method = method,
                 .timeout_us = timeout_us,
                 .metadata = metadata},
                payload);
}

std::vector<Ending> Endings() {
  const std::string damaged = "\x32\x06\x0a\x01K\x12\x01v";  // The key is "K".
  const std::string large = *wire::EncodeMetadata({{"key", std::string(9000, 'v')}}, 16384);
  const auto call = [](const std::string& method, std::string_view payload = "1") {
    return EncodedRequest(1, "test.v1." + method, payload);
  };
  const std::string cancel = Encode({.kind = FrameKind::kCancel, .call_id = 1});
  return {
      {"Reply", "test.v1.Test/Echo", "OK", call("Test/Echo")},
      {"Error", "test.v1.Test/Fail", "NOT_FOUND", call("Test/Fail")},
      {"Exception", "test.v1.Test/Throw", "INTERNAL", call("Test/Throw")},
      {"OkWithoutAReply", "test.v1.Test/FineButEmpty", "INTERNAL", call("Test/FineButEmpty")},
      {"Stream", "test.v1.Test/Count", "OK", call("Test/Count")},
      {"FailedStream", "test.v1.Test/FailAfterTwo", "DATA_LOSS", call("Test/FailAfterTwo")},
      {"HalfClose", "test.v1.Test/Concat", "OK", EncodedStart(1, "test.v1.Test/Concat"),
       Encode({.kind = FrameKind::kHalfClose, .call_id = 1})},
      {"UnknownMethod", "test.v1.Test/None", "UNIMPLEMENTED", call("Test/None")},
      {"UnknownService", "test.v1.None/Echo", "UNIMPLEMENTED", call("None/Echo")},
      {"NoMethodName", "test.v1.Test/\\nEcho\\x1b[2J", "UNIMPLEMENTED", call("Test/\nEcho\x1b[2J")},
      {"WrongMethodType", "test.v1.Test/Concat", "INVALID_ARGUMENT", call("Test/Concat")},
      {"DamagedMetadata", "test.v1.Test/Echo", "INVALID_ARGUMENT",
       EncodedEnd("test.v1.Test/Echo", damaged)},
      {"DamagedMetadataOfAnUnknownMethod", "test.v1.Test/None", "UNIMPLEMENTED",
       EncodedEnd("test.v1.Test/None", damaged)},
      {"TooMuchMetadata", "test.v1.Test/Echo", "RESOURCE_EXHAUSTED",
       EncodedEnd("test.v1.Test/Echo", large)},
      {"NoLogin", "test.v1.Strict/Locked", "UNAUTHENTICATED", call("Strict/Locked")},
      {"MalformedRequest", "test.v1.Strict/Parsed", "INVALID_ARGUMENT",
       call("Strict/Parsed", "\xff")},
      {"TooLargeAMessage", "test.v1.Test/Echo", "RESOURCE_EXHAUSTED",
       Encode({.kind = FrameKind::kRequest,
               .call_id = 1,
               .flags = wire::kEnd | wire::kMore,
               .method = "test.v1.Test/Echo",
               .message_size = 1 << 20},
              "x")},
      {"Cancel", "test.v1.Test/Wait", "CANCELLED", call("Test/Wait"), cancel},
      {"CancelOfAStream", "test.v1.Test/Chat", "CANCELLED", EncodedStart(1, "test.v1.Test/Chat"),
       cancel},
      {"Deadline", "test.v1.Test/Wait", "DEADLINE_EXCEEDED",
       EncodedEnd("test.v1.Test/Wait", {}, 20'000)},
      {"DeadlineOfAStream", "test.v1.Test/Chat", "DEADLINE_EXCEEDED",
       EncodedStart(1, "test.v1.Test/Chat", {}, 20'000)},
  };
}

class MiddlewareOfACall : public Middleware, public ::testing::WithParamInterface<Ending> {};

TEST_P(MiddlewareOfACall, SeesItsStatusOnceLastToFirst) {
  StartWithThree({}, {.max_message_bytes = 512 * 1024, .max_metadata_bytes = 8192}, {&strict_});
  WireClient client = Connect();
  client.Send({EncodedHello(), GetParam().request, GetParam().then});
  OwnedFrame frame = client.NextAfterHello();
  while (frame.kind == FrameKind::kMessage) frame = client.NextAfterHello();
  EXPECT_EQ(absl::StatusCodeToString(frame.status.code()), GetParam().code) << frame.status;
  EXPECT_THAT(journal_.Lines(6), ElementsAreArray(Around(GetParam().method, GetParam().code)));
}

INSTANTIATE_TEST_SUITE_P(Every, MiddlewareOfACall, ::testing::ValuesIn(Endings()),
                         [](const auto& test) { return test.param.name; });

TEST_F(Middleware, SeesACallAboveTheLimitOfCalls) {
  StartWithThree({}, {.max_calls_per_connection = 16});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 17; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Stubborn", "")});
  }
  EXPECT_TRUE(absl::IsResourceExhausted(client.NextAfterHello().status));
  const std::vector<std::string> lines = journal_.Lines(16 * 3 + 6);
  EXPECT_THAT(std::vector(lines.end() - 6, lines.end()),
              ElementsAreArray(Around("test.v1.Test/Stubborn", "RESOURCE_EXHAUSTED")));
  service_.release.Set();
}

TEST_F(Middleware, SeesTheEndOfACallWhoseClientIsGone) {
  StartWithThree();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  client.Close();
  EXPECT_THAT(journal_.Lines(6), ElementsAreArray(Around("test.v1.Test/Wait", "CANCELLED")));
}

TEST_F(Middleware, SeesTheEndOfACallThatTheServersShutdownCutsOff) {
  StartWithThree();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  server_->Shutdown(std::chrono::milliseconds(0));
  EXPECT_THAT(journal_.Lines(6), ElementsAreArray(Around("test.v1.Test/Wait", "UNAVAILABLE")));
}

// Its CANCEL is in the packet of its request, and is looked at when the handler has let go of the
// loop: at the deadline, or a little before, as a client's clock began earlier.
TEST_F(Middleware, SeesThatTheDeadlineOfACallerWhoCancelsHasPassed) {
  for (const auto left : {std::chrono::milliseconds(0), std::chrono::milliseconds(9)}) {
    RawService service("s.S");
    service.AddServerStreaming(
        "Hold", [left](ServerContext& context, RawMessage) { return Hold(context, left); });
    Journal journal;
    Start({.middleware = {std::make_shared<Recorder>("a", journal)}}, {&service});
    WireClient client = Connect();
    client.Send({EncodedHello(), EncodedEnd("s.S/Hold", {}, 100'000),
                 Encode({.kind = FrameKind::kCancel, .call_id = 1})});
    EXPECT_TRUE(absl::IsDeadlineExceeded(client.NextAfterHello().status));
    EXPECT_EQ(journal.Lines(2).back(), "a after DEADLINE_EXCEEDED");
    server_.reset();
  }
}

TEST_F(Middleware, SeesThatACallerHasCancelledLongBeforeItsDeadline) {
  Start({.middleware = {std::make_shared<Recorder>("a", journal_)}});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedEnd("test.v1.Test/Wait", {}, 3'600'000'000),
               Encode({.kind = FrameKind::kCancel, .call_id = 1})});
  EXPECT_TRUE(absl::IsCancelled(client.NextAfterHello().status));
  EXPECT_EQ(journal_.Lines(2).back(), "a after CANCELLED");
}

TEST_F(Middleware, BehindTheOneThatRefusesSeesNothing) {
  StartWithThree([](ServerContext& context) {
    return context.method() == "test.v1.Test/Echo" ? absl::OkStatus()
                                                   : absl::PermissionDeniedError("b says no");
  });
  for (const char* method : {"test.v1.Test/Wait", "test.v1.Test/None"}) {
    WireClient client = Connect();
    client.Send({EncodedHello(), EncodedRequest(1, method, "")});
    EXPECT_EQ(client.NextAfterHello().status, absl::PermissionDeniedError("b says no"));
  }
  EXPECT_THAT(journal_.Lines(6),
              ElementsAre("a before test.v1.Test/Wait", "b before test.v1.Test/Wait",
                          "a after PERMISSION_DENIED", "a before test.v1.Test/None",
                          "b before test.v1.Test/None", "a after PERMISSION_DENIED"));
}

TEST_F(Middleware, BehindTheOneThatThrowsSeesNothing) {
  StartWithThree([](ServerContext&) -> absl::Status { throw std::runtime_error("a secret"); });
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  EXPECT_EQ(
      client.NextAfterHello().status,
      absl::InternalError("a middleware threw an exception in test.v1.Test/Echo; the server's "
                          "log says more (ServerOptions::log)"));
  EXPECT_THAT(journal_.Lines(3), ElementsAre("a before test.v1.Test/Echo",
                                             "b before test.v1.Test/Echo", "a after INTERNAL"));
}

// Keeps the status of the last call.
class LastStatus final : public ServerMiddleware {
 public:
  absl::Status Before(ServerContext&) override { return absl::OkStatus(); }
  void After(ServerContext&, const absl::Status& status) override {
    const std::lock_guard lock(mutex_);
    status_ = status;
    ended_.Add();
  }
  absl::Status AfterNext() {
    EXPECT_TRUE(ended_.WaitFor(++asked_));
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  Counter ended_;
  int asked_ = 0;
  std::mutex mutex_;
  absl::Status status_;
};

TEST_F(Middleware, SeesWhyACallHasFailed) {
  RawService throwing("t.T");
  throwing.AddUnary("Throw", [](ServerContext&, RawMessage) -> Task<RawResult> {
    throw std::runtime_error("a secret");
    co_return RawMessage{};
  });
  const auto last = std::make_shared<LastStatus>();
  StrictService strict;
  Start({.middleware = {last}}, {&strict, &throwing});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Strict/Locked", "")});
  EXPECT_EQ(last->AfterNext(),
            absl::UnauthenticatedError("test.v1.Strict/Locked requires a login; log in on this "
                                       "connection first"));
  client.Send({EncodedRequest(2, "test.v1.Test/Wait", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  client.Send({Encode({.kind = FrameKind::kCancel, .call_id = 2})});
  EXPECT_EQ(last->AfterNext(), absl::CancelledError("the caller cancelled the call"));
  client.Send({EncodedRequest(3, "t.T/Throw", "")});
  EXPECT_EQ(
      last->AfterNext(),
      absl::InternalError("the handler threw an exception in t.T/Throw; the server's log says "
                          "more (ServerOptions::log)"));
  server_.reset();
}

TEST_F(Middleware, ThatStopsACallWithOkMakesAMistake) {
  StartWithThree([](ServerContext& context) {
    context.Stop(absl::OkStatus());
    return absl::OkStatus();
  });
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  EXPECT_EQ(client.NextAfterHello().status,
            absl::InternalError("the handler or a middleware of test.v1.Test/Echo stopped the call "
                                "with an OK status"));
}

TEST_F(Middleware, ThatSendsLargeTrailersHearsOfTheClientsLimit) {
  StartWithThree([](ServerContext& context) {
    context.AddTrailer("key", std::string(9000, 't'));
    return absl::OkStatus();
  });
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  const absl::Status status = client.NextAfterHello().status;
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("cannot send the trailers: the metadata has 90"),
            HasSubstr("the limit is 8192 (the client's ChannelOptions::max_metadata_bytes)")));
}

TEST_F(Middleware, ThatStopsACallKeepsItFromItsHandler) {
  StartWithThree([](ServerContext& context) {
    context.Stop(absl::UnavailableError("not now"));
    return absl::OkStatus();
  });
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", ""),
               EncodedStart(2, "test.v1.Test/ReadLate")});
  EXPECT_EQ(client.NextAfterHello().status, absl::UnavailableError("not now"));
  EXPECT_EQ(client.NextAfterHello().status, absl::UnavailableError("not now"));
  EXPECT_EQ(service_.entered.count(), 0);
  std::vector<std::string> expected = Around("test.v1.Test/Stubborn", "UNAVAILABLE");
  const std::vector<std::string> stream = Around("test.v1.Test/ReadLate", "UNAVAILABLE");
  expected.insert(expected.end(), stream.begin(), stream.end());
  EXPECT_THAT(journal_.Lines(12), ElementsAreArray(expected));
}

TEST_F(Middleware, SendsTrailersWithARefusal) {
  StartWithThree([](ServerContext& context) {
    context.AddTrailer("retry-after", "1s");
    return absl::ResourceExhaustedError("too often");
  });
  for (const char* method : {"test.v1.Test/Echo", "test.v1.Test/None"}) {
    WireClient client = Connect();
    client.Send({EncodedHello(), EncodedRequest(1, method, "")});
    const OwnedFrame refused = client.NextAfterHello();
    EXPECT_EQ(refused.status, absl::ResourceExhaustedError("too often"));
    EXPECT_THAT(refused.metadata, HasSubstr("retry-after"));
  }
}

TEST_F(Middleware, ThatIsNullIsRefused) {
  const absl::Status refused = Server({.middleware = {nullptr}}).Start(endpoint_);
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("null pointer at index 0"));
}

TEST_F(Middleware, LeavesValuesForTheHandlerAndForThoseBehindIt) {
  static const CallKey<std::string> kTenant;
  RawService service("test.v1.Values");
  service.AddUnary("Tenant", [](ServerContext& context, RawMessage) -> Task<RawResult> {
    co_return RawMessage{*kTenant.Find(context.values())};
  });
  StartWithThree(
      [](ServerContext& context) {
        kTenant.Emplace(context.values(), "first");
        kTenant.Emplace(context.values(), "second");  // Hides the first.
        return absl::OkStatus();
      },
      {}, {&service});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Values/Tenant", "")});
  EXPECT_EQ(client.NextAfterHello().payload, "second");
  server_.reset();  // Before the service.
}

// Throws where it is told to.
class Thrower final : public ServerMiddleware {
 public:
  explicit Thrower(bool before) : before_(before) {}
  absl::Status Before(ServerContext&) override {
    if (before_) throw std::runtime_error("a secret");
    return absl::OkStatus();
  }
  void After(ServerContext&, const absl::Status&) override {
    throw std::runtime_error("another secret");
  }

 private:
  const bool before_;
};

TEST_F(Middleware, ThatThrowsBeforeACallEndsItAndTellsTheLogOnly) {
  const auto log = [this](const LogRecord& record) {
    for (const auto& [key, value] : record.fields) {
      if (key == "what") journal_.Add(std::string(record.event) + ": " + value);
    }
  };
  Start({.middleware = {std::make_shared<Thrower>(true)}, .log = log});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsInternal(reply.status)) << reply.status;
  EXPECT_THAT(std::string(reply.status.message()), Not(HasSubstr("secret")));
  EXPECT_THAT(journal_.Lines(1), ElementsAre("middleware threw: a secret"));
  server_.reset();
}

TEST_F(Middleware, ThatThrowsAfterACallLeavesItsReplyAndItsSlot) {
  Start({.max_calls_per_connection = 16, .middleware = {std::make_shared<Thrower>(false)}});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 20; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Echo", "x")});
    EXPECT_EQ(client.NextAfterHello().payload, "x");
  }
  EXPECT_EQ(server_->stats().calls, 0u);
}

TEST_F(Middleware, ALogHookThatThrowsChangesNothing) {
  Start({.middleware = {std::make_shared<Thrower>(true)},
         .log = [](const LogRecord&) { throw std::runtime_error("full"); }});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  EXPECT_TRUE(absl::IsInternal(client.NextAfterHello().status));
}

// Puts work on the workers, which lasts until it is let go.
class WorksOn final : public ServerMiddleware {
 public:
  void LetGo() { let_go_.set_value(); }
  absl::Status Before(ServerContext& context) override {
    return context.workers().Run([released = released_] { released.wait(); });
  }
  void After(ServerContext&, const absl::Status&) override {}

 private:
  std::promise<void> let_go_;
  const std::shared_future<void> released_ = let_go_.get_future().share();
};

TEST_F(Middleware, OfARefusedCallHasTheWorkersOfItsUserOnly) {
  const auto works_on = std::make_shared<WorksOn>();
  ServerOptions options{.worker_threads = 4, .worker_queue = 0};
  options.middleware = {works_on};
  Start(std::move(options));
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 3; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/None", "")});
    const absl::Status status = client.NextAfterHello().status;
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  }
  client.Send({EncodedRequest(4, "test.v1.Test/None", "")});
  const absl::Status status = client.NextAfterHello().status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("its share, 3 of 4 "));
  works_on->LetGo();
}

}  // namespace
}  // namespace piperpc::testing
