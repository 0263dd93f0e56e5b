#include "conformance/client_conformance.h"

#include <gmock/gmock.h>

#include <deque>
#include <set>
#include <string_view>

#include "piperpc/channel.h"
#include "piperpc/testing/endpoint.h"
#include "support/eventually.h"
#include "transport/fixture.h"

namespace piperpc::conformance {
namespace {

using ::testing::HasSubstr;

constexpr char kMethodName[] = "t.T/Method";
const RawMessage kRequest{"request"};

// A call that does not end is not waited for for ever, and what it uses must not go away.
template <typename Value>
Value Get(std::future<Value> future) {
  if (!testing::Arrives(future)) {
    ADD_FAILURE() << "the call does not end";
    std::abort();
  }
  return future.get();
}

}  // namespace

std::map<std::string, std::unique_ptr<ScriptedServer>>& ClientConformance::Shared() {
  static std::map<std::string, std::unique_ptr<ScriptedServer>> servers;
  return servers;
}

void ClientConformance::SetUp() {
  std::unique_ptr<ScriptedServer>& place = Shared()[transport_];
  if (place == nullptr) {
    std::string reason;
    auto transport = transport::NewTransport(transport_, reason);
    if (transport == nullptr) GTEST_SKIP() << transport_ << " is refused: " << reason;
    place = std::make_unique<ScriptedServer>(std::move(transport), testing::UniqueEndpoint());
  }
  server_ = place.get();
  channel_ = Connect(server_->endpoint(), {.max_message_bytes = kMaxReply,
                                           .stream_credit_bytes = kStreamCredit,
                                           .transport = &server_->transport()});
}

void ClientConformance::TestBody() {
  if (case_.stage == Stage::kSecond) ServeFirstCall();
  std::future<Outcome> call = Begin();
  for (int i = 0; i < case_.connections; ++i) Attack();
  if (case_.then == Then::kElsewhere) ServeElsewhere();
  ExpectEnd(Get(std::move(call)));
  if (case_.then == Then::kLeaves) ExpectGoaway();
  if (case_.then == Then::kCloses) ExpectClosed();
  ExpectServed();
  channel_->Close();
  EXPECT_EQ(ends_, 1) << "the call has ended more than once";
}

void ClientConformance::TearDown() {
  connection_.reset();
  channel_.reset();
  if (HasFailure()) Shared().erase(transport_);
}

std::future<ClientConformance::Outcome> ClientConformance::Begin() {
  CallOptions options;
  if (case_.timeout.count() != 0) options.timeout = case_.timeout;
  return std::async(std::launch::async, [this, options] { return Make(options); });
}

ClientConformance::Outcome ClientConformance::Make(const CallOptions& options) {
  const RawClient client(channel_);
  switch (form_) {
    case Form::kBlocking:
      return Take(client.Unary(kMethodName, kRequest, options));
    case Form::kCallback:
      return AwaitReply(options);
    case Form::kReader:
      return ReadAll(client.ServerStreaming(kMethodName, kRequest, options));
    case Form::kMessageCallback:
      return AwaitMessages(options);
    case Form::kWriter:
      return Take(client.ClientStreaming(kMethodName, options).Finish());
    case Form::kBoth:
      break;
  }
  auto both = client.Bidirectional(kMethodName, options);
  both.WritesDone();
  return ReadAll(std::move(both));
}

ClientConformance::Outcome ClientConformance::Take(absl::StatusOr<RawMessage> reply) {
  ++ends_;
  Outcome outcome{reply.status(), {}};
  if (reply.ok()) outcome.replies.push_back(std::move(reply->bytes));
  return outcome;
}

template <typename Replies>
ClientConformance::Outcome ClientConformance::ReadAll(Replies replies) {
  Outcome outcome;
  while (std::optional<RawMessage> reply = replies.Next()) outcome.replies.push_back(reply->bytes);
  outcome.status = replies.status();
  ++ends_;
  return outcome;
}

ClientConformance::Outcome ClientConformance::AwaitReply(const CallOptions& options) {
  const auto ended = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> outcome = ended->get_future();
  RawClient(channel_).UnaryAsync(kMethodName, kRequest, options,
                                 [this, ended](absl::StatusOr<RawMessage> reply) {
                                   Outcome taken = Take(std::move(reply));
                                   if (ends_ == 1) ended->set_value(std::move(taken));
                                 });
  return Get(std::move(outcome));
}

ClientConformance::Outcome ClientConformance::AwaitMessages(const CallOptions& options) {
  const auto replies = std::make_shared<std::vector<std::string>>();
  const auto ended = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> outcome = ended->get_future();
  RawClient(channel_).ServerStreamingAsync(
      kMethodName, kRequest, options,
      [replies](RawMessage reply) { replies->push_back(std::move(reply.bytes)); },
      [this, replies, ended](absl::Status status) {
        if (++ends_ == 1) ended->set_value({std::move(status), *replies});
      });
  return Get(std::move(outcome));
}

std::future<absl::StatusOr<RawMessage>> ClientConformance::CallWell(const std::string& request) {
  return std::async(std::launch::async, [this, request] {
    return RawClient(channel_).Unary(kMethodName, RawMessage{request});
  });
}

void ClientConformance::ServeFirstCall() {
  auto call = CallWell("first");
  connection_.emplace(server_->AcceptAndGreet());
  connection_->Reply(connection_->Expect(FrameKind::kRequest).call_id, "first");
  const auto reply = Get(std::move(call));
  EXPECT_TRUE(reply.ok()) << reply.status();
}

// Once it has sent enough, the client has perhaps gone.
void ClientConformance::Attack() {
  if (case_.stage != Stage::kSecond) {
    connection_.emplace(server_->Accept());
    if (case_.stage == Stage::kGreeted) {
      connection_->Greet();
    } else {
      connection_->Expect(FrameKind::kHello);
    }
  }
  const OwnedFrame request = connection_->Expect(FrameKind::kRequest);
  EXPECT_EQ(request.call_id, case_.stage == Stage::kSecond ? kSecondCall : kCall);
  for (const std::string& packet : case_.packets) {
    if (!connection_->TrySendRaw(packet)) break;
  }
  if (case_.hangs_up) connection_.reset();
}

void ClientConformance::ServeElsewhere() {
  ScriptedConnection next = server_->AcceptAndGreet();
  next.Reply(next.Expect(FrameKind::kRequest).call_id, "elsewhere");
  connection_.emplace(std::move(next));
}

void ClientConformance::ExpectEnd(const Outcome& outcome) {
  EXPECT_EQ(outcome.status.code(), case_.end.code) << outcome.status;
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr(case_.end.text));
  EXPECT_EQ(outcome.replies.size(), case_.end.replies.size());
  EXPECT_TRUE(outcome.replies == case_.end.replies) << "other replies came";
}

void ClientConformance::ExpectGoaway() {
  std::optional<OwnedFrame> frame = connection_->NextOrEnd();
  while (frame.has_value() && frame->kind != FrameKind::kGoaway) frame = connection_->NextOrEnd();
  ASSERT_TRUE(frame.has_value()) << "the client has closed without a goaway";
  const auto goaway = wire::DecodeGoaway(frame->payload);
  ASSERT_TRUE(goaway.ok()) << goaway.status();
  EXPECT_EQ(goaway->status.code(), case_.said) << goaway->status;
  ExpectClosed();
}

void ClientConformance::ExpectClosed() {
  if (!connection_.has_value()) return;  // It was the server that has closed.
  EXPECT_TRUE(connection_->ReceivesEnd());
  connection_.reset();
}

// On the connection that is left, where there is one. Its server, if it has not done so yet,
// greets.
void ClientConformance::ExpectServed() {
  auto call = CallWell("next");
  if (!connection_.has_value()) {
    connection_.emplace(server_->AcceptAndGreet());
  } else if (case_.stage == Stage::kConnected && case_.packets.empty()) {
    connection_->SendRaw(ServerHello());
  }
  bool cancelled = false;
  std::optional<OwnedFrame> frame = connection_->NextOrEnd();
  while (frame.has_value() && frame->kind != FrameKind::kRequest) {
    EXPECT_NE(frame->kind, FrameKind::kGoaway);
    cancelled = cancelled || frame->kind == FrameKind::kCancel;
    frame = connection_->NextOrEnd();
  }
  EXPECT_EQ(cancelled, case_.then == Then::kCancels);
  ASSERT_TRUE(frame.has_value()) << "the client has closed";
  EXPECT_EQ(frame->payload, "next");
  connection_->Reply(frame->call_id, "served");
  const auto reply = Get(std::move(call));
  EXPECT_TRUE(reply.ok()) << reply.status();
}

namespace {

struct Theme {
  const char* name;
  ClientCases (*cases)();
};

constexpr Theme kThemes[] = {
    {"Damage", DamageByServer},   {"Hello", HellosOfServer},   {"Replies", RepliesOfServer},
    {"Streams", StreamsOfServer}, {"Goaway", GoawaysOfServer}, {"Floods", FloodsOfServer},
    {"Silence", SilenceOfServer},
};

const char* NameOf(Form form) {
  static constexpr const char* kNames[] = {"ToABlockingCall", "ToACallback",
                                           "ToAReader",       "ToACallbackForMessages",
                                           "ToAWriter",       "ToAStreamBothWays"};
  return kNames[static_cast<std::size_t>(form)];
}

void Register(const std::string& theme, const ClientCase& tested, Form form,
              const std::string& transport) {
  const std::string name = tested.name + NameOf(form) + "/" + transport;
  ::testing::RegisterTest((theme + "/ClientConformance").c_str(), name.c_str(), nullptr, nullptr,
                          __FILE__, __LINE__, [&tested, form, transport]() -> ClientConformance* {
                            return new ClientConformance(tested, form, transport);
                          });
}

}  // namespace

void RegisterClientCases() {
  static std::deque<ClientCases> tables;  // The tests look into them.
  for (const Theme& theme : kThemes) {
    std::set<std::string> names;
    for (const ClientCase& tested : tables.emplace_back(theme.cases())) {
      if (!names.insert(tested.name).second) ADD_FAILURE() << "two cases are " << tested.name;
      for (const Form form : tested.forms) {
        for (const std::string& transport : transport::TransportNames()) {
          Register(theme.name, tested, form, transport);
        }
      }
    }
  }
}

}  // namespace piperpc::conformance
