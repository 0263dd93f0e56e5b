#include "piperpc/middleware.h"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "client/client_fixture.h"
#include "src/wire/metadata.h"
#include "support/journal.h"
#include "support/recording_middleware.h"

namespace piperpc {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::Journal;
using wire::FrameKind;

using Recorder = testing::RecordingMiddleware<ClientMiddleware, ClientContext>;

// The ways in which a call is made.
enum class Form { kBlocking, kCallback, kDown, kUp };

std::string_view NameOf(Form form) {
  constexpr std::string_view kNames[] = {"Blocking", "Callback", "Down", "Up"};
  return kNames[static_cast<int>(form)];
}

std::string MethodOf(Form form) {
  if (form == Form::kDown) return std::string(kDownMethod.name);
  if (form == Form::kUp) return std::string(kUpMethod.name);
  return std::string(kUnaryMethod.name);
}

class MiddlewareTest : public ClientTest {
 protected:
  ~MiddlewareTest() override { channel_.reset(); }

  // Three of them; the one in the middle may refuse.
  void ConnectWithThree(Recorder::Refuse refuse = {}) {
    options_.middleware = {std::make_shared<Recorder>("a", journal_),
                           std::make_shared<Recorder>("b", journal_, std::move(refuse)),
                           std::make_shared<Recorder>("c", journal_)};
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
  }

  std::future<absl::Status> CallBy(Form form, const CallOptions& options = {}) {
    return std::async(std::launch::async, [this, form, options] {
      switch (form) {
        case Form::kBlocking:
          return Call("x", options).status();
        case Form::kCallback:
          return Get(CallAsync("x", options)).status();
        case Form::kDown: {
          auto reader =
              internal::OpenReader<RawMessage>(*channel_, kDownMethod, RawMessage{"x"}, options);
          while (reader.Next()) continue;
          return reader.status();
        }
        case Form::kUp:
          return internal::OpenWriter<RawMessage, RawMessage>(*channel_, kUpMethod, options)
              .Finish()
              .status();
      }
      return absl::UnknownError("no such form");
    });
  }

  static absl::Status Get(std::future<absl::Status> call) {
    if (call.wait_for(kPatience) == std::future_status::ready) return call.get();
    ADD_FAILURE() << "the call does not end";
    std::abort();
  }
  using ClientTest::Get;

  // What the three see of a call that none of them refuses.
  static std::vector<std::string> Around(const std::string& method, const std::string& code) {
    return {"a before " + method, "b before " + method, "c before " + method,
            "c after " + code,    "b after " + code,    "a after " + code};
  }

  Journal journal_;
};

// How one call ends.
struct Ending {
  std::string name;
  std::string code;
  std::function<void(ScriptedConnection&, std::uint64_t id)> script;
  CallOptions options = {};
};

std::vector<Ending> Endings() {
  return {{"Reply", "OK", [](auto& connection, auto id) { connection.Reply(id, ""); }},
          {"Error", "ABORTED",
           [](auto& connection, auto id) { connection.Refuse(id, absl::AbortedError("so")); }},
          {"DamagedTrailers", "INTERNAL",
           [](auto& connection, auto id) {
             connection.Reply(id, "", "\x32\x06\x0a\x01K\x12\x01v");  // The key is "K".
           }},
          {"Deadline", "DEADLINE_EXCEEDED", [](auto&, auto) {}, {.timeout = milliseconds(500)}},
          {"LostConnection", "UNAVAILABLE",
           [](auto& connection, auto) { [[maybe_unused]] const auto end = std::move(connection); }},
          {"Violation", "INTERNAL",
           [](auto& connection, auto) { connection.SendRaw("this is no frame"); }}};
}

using Case = std::tuple<Form, Ending>;

class MiddlewareOfACallTest : public MiddlewareTest, public ::testing::WithParamInterface<Case> {};

TEST_P(MiddlewareOfACallTest, SeesItsEndOnceLastToFirst) {
  const auto& [form, ending] = GetParam();
  ConnectWithThree();
  auto call = CallBy(form, ending.options);
  ScriptedConnection connection = server_.AcceptAndGreet();
  ending.script(connection, connection.Expect(FrameKind::kRequest).call_id);
  EXPECT_EQ(absl::StatusCodeToString(Get(std::move(call)).code()), ending.code);
  EXPECT_THAT(journal_.Lines(6), ElementsAreArray(Around(MethodOf(form), ending.code)));
}

INSTANTIATE_TEST_SUITE_P(Every, MiddlewareOfACallTest,
                         ::testing::Combine(::testing::Values(Form::kBlocking, Form::kCallback,
                                                              Form::kDown, Form::kUp),
                                            ::testing::ValuesIn(Endings())),
                         [](const auto& test) {
                           return std::string(NameOf(std::get<0>(test.param))) +
                                  std::get<1>(test.param).name;
                         });

class MiddlewareOfAFormTest : public MiddlewareTest, public ::testing::WithParamInterface<Form> {
 protected:
  std::string method() const { return MethodOf(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Every, MiddlewareOfAFormTest,
                         ::testing::Values(Form::kBlocking, Form::kCallback, Form::kDown,
                                           Form::kUp),
                         [](const auto& test) { return std::string(NameOf(test.param)); });

TEST_P(MiddlewareOfAFormTest, SeesACallThatNoServerTakes) {
  server_.Stop();
  ConnectWithThree();
  EXPECT_TRUE(absl::IsUnavailable(Get(CallBy(GetParam()))));
  EXPECT_THAT(journal_.Lines(6), ElementsAreArray(Around(method(), "UNAVAILABLE")));
}

TEST_P(MiddlewareOfAFormTest, SeesACallWhoseOptionsAreInvalid) {
  ConnectWithThree();
  EXPECT_TRUE(absl::IsInvalidArgument(Get(CallBy(GetParam(), {.timeout = milliseconds(-1)}))));
  EXPECT_THAT(journal_.Lines(6), ElementsAreArray(Around(method(), "INVALID_ARGUMENT")));
  EXPECT_EQ(counting_.connects, 0);
}

TEST_P(MiddlewareOfAFormTest, SeesACallWithTooMuchMetadata) {
  ConnectWithThree();
  const absl::Status status =
      Get(CallBy(GetParam(), {.metadata = {{"key", std::string(100'000, 'v')}}}));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(journal_.Lines(6),
              ElementsAreArray(Around(method(), absl::StatusCodeToString(status.code()))));
}

TEST_P(MiddlewareOfAFormTest, SeesACallThatAStopEnds) {
  ConnectWithThree();
  std::stop_source stop;
  auto call = CallBy(GetParam(), {.stop = stop.get_token()});
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  stop.request_stop();
  EXPECT_TRUE(absl::IsCancelled(Get(std::move(call))));
  EXPECT_THAT(journal_.Lines(6), ElementsAreArray(Around(method(), "CANCELLED")));
}

TEST_P(MiddlewareOfAFormTest, SeesACallThatClosingTheChannelEnds) {
  ConnectWithThree();
  auto call = CallBy(GetParam());
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  channel_->Close();
  const absl::Status status = Get(std::move(call));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(journal_.Lines(6),
              ElementsAreArray(Around(method(), absl::StatusCodeToString(status.code()))));
}

TEST_P(MiddlewareOfAFormTest, BehindTheOneThatRefusesSeesNothing) {
  ConnectWithThree([](ClientContext&) { return absl::PermissionDeniedError("not you"); });
  EXPECT_EQ(Get(CallBy(GetParam())), absl::PermissionDeniedError("not you"));
  EXPECT_THAT(journal_.Lines(3), ElementsAre("a before " + method(), "b before " + method(),
                                             "a after PERMISSION_DENIED"));
  EXPECT_EQ(counting_.connects, 0);
}

TEST_P(MiddlewareOfAFormTest, BehindTheOneThatThrowsSeesNothing) {
  ConnectWithThree([](ClientContext&) -> absl::Status { throw std::runtime_error("a secret"); });
  const absl::Status status = Get(CallBy(GetParam()));
  ExpectStatus(status, absl::StatusCode::kInternal,
               "a middleware of the channel threw an exception; the channel's log says what");
  EXPECT_THAT(std::string(status.message()), ::testing::Not(::testing::HasSubstr("secret")));
  EXPECT_THAT(journal_.Lines(3),
              ElementsAre("a before " + method(), "b before " + method(), "a after INTERNAL"));
}

TEST_P(MiddlewareOfAFormTest, ThatHasNoMemoryEndsTheCallWithThat) {
  ConnectWithThree([](ClientContext&) -> absl::Status { throw std::bad_alloc(); });
  ExpectStatus(Get(CallBy(GetParam())), absl::StatusCode::kResourceExhausted, "middleware");
}

TEST_F(MiddlewareTest, DoesNotSeeAQuestionWhetherTheServerIsReady) {
  ConnectWithThree();
  auto ready = std::async(std::launch::async, [&] { return channel_->WaitUntilReady(kPatience); });
  const ScriptedConnection connection = server_.AcceptAndGreet();
  EXPECT_TRUE(Get(std::move(ready)).ok());
  EXPECT_TRUE(journal_.Lines(0).empty());
}

TEST_F(MiddlewareTest, MayChangeWhatIsSentAlong) {
  ConnectWithThree([](ClientContext& context) {
    context.metadata().emplace_back("who", "me");
    return absl::OkStatus();
  });
  auto call = CallAside("x", {.metadata = {{"first", "1"}}});
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_THAT(*wire::DecodeMetadata(request.metadata),
              ElementsAre(std::pair("first", "1"), std::pair("who", "me")));
  connection.Reply(request.call_id, "r");
  EXPECT_EQ(*Get(call), "r");
}

TEST_F(MiddlewareTest, ThatIsNullIsRefused) {
  options_.middleware = {std::make_shared<Recorder>("a", journal_), nullptr};
  ExpectStatus(CheckChannel(ScriptedServer::kEndpoint, options_),
               absl::StatusCode::kInvalidArgument, "null pointer at index 1");
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  ExpectStatus(Call("x").status(), absl::StatusCode::kInvalidArgument, "null pointer at index 1");
}

// Keeps what it is shown of one call.
class Witness final : public ClientMiddleware {
 public:
  absl::Status Before(ClientContext& context) override {
    deadline = context.deadline();
    peer_before = context.peer().has_value();
    return absl::OkStatus();
  }
  void After(ClientContext& context, const absl::Status&) override {
    peer_after = context.peer().has_value();
    trailers = context.trailers();
    throw std::runtime_error("after");  // Goes to the log, and changes nothing.
  }

  std::chrono::steady_clock::time_point deadline;
  bool peer_before = false;
  bool peer_after = false;
  Metadata trailers;
};

TEST_F(MiddlewareTest, IsShownTheDeadlineThePeerAndTheTrailers) {
  const auto witness = std::make_shared<Witness>();
  options_.middleware = {witness};
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  const auto before = std::chrono::steady_clock::now();
  auto call = CallAside("x", {.timeout = kPatience});
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r",
                   *wire::EncodeMetadata({{"took", "1"}}, wire::kMaxMetadataBytes));
  EXPECT_EQ(*Get(call), "r");
  EXPECT_GE(witness->deadline, before + kPatience);
  EXPECT_FALSE(witness->peer_before);
  EXPECT_TRUE(witness->peer_after);
  EXPECT_THAT(witness->trailers, ElementsAre(std::pair("took", "1")));
}

}  // namespace
}  // namespace piperpc
