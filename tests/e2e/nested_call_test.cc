// Handlers that call another server, and do not pass their stop token on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/client.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/transport/transport.h"
#include "support/test_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using internal::ClientMethod;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};
constexpr ClientMethod kStubborn{"test.v1.Test/Stubborn", MethodType::kUnary};
constexpr ClientMethod kChat{"test.v1.Test/Chat", MethodType::kBidirectional};

Task<RawResult> Relay(std::shared_ptr<Channel> channel) {
  auto call = internal::CoUnary<RawMessage>(std::shared_ptr<internal::ChannelCore>(channel),
                                            kStubborn, RawMessage{}, CallOptions());
  RawResult reply = co_await call;
  co_return reply;
}

// Waits for a second message, which does not come.
Stream<RawMessage> RelayChat(std::shared_ptr<Channel> channel) {
  auto chat = internal::OpenReaderWriter<RawMessage, RawMessage>(*channel, kChat, CallOptions());
  auto write = chat.CoWrite(RawMessage{"hello"});
  co_await write;
  for (bool more = true; more;) {
    auto next = chat.CoNext();
    std::optional<RawMessage> line = co_await next;
    more = line.has_value();
    if (more) co_yield *line;
  }
}

// Blocks for a reply, and then for a message: on a loop both are refused.
Task<RawResult> RelayBlocking(std::shared_ptr<Channel> channel) {
  const absl::Status unary =
      internal::CallUnary<RawMessage>(*channel, kEcho, RawMessage{"x"}, CallOptions()).status();
  auto chat = internal::OpenReaderWriter<RawMessage, RawMessage>(*channel, kChat, CallOptions());
  const bool more = chat.Next().has_value();
  const absl::Status ready = channel->WaitUntilReady(seconds(20));
  if (more) co_return absl::InternalError("it waited for a message");
  std::string texts;
  for (const absl::Status& each : {unary, chat.status(), ready}) {
    if (!absl::IsFailedPrecondition(each)) co_return each;
    absl::StrAppend(&texts, each.message(), "\n");
  }
  co_return RawMessage{texts};
}

class NestedCalls : public transport::EachTransport {
 protected:
  void Begin() override {
    const std::string back_endpoint = UniqueEndpoint();
    back_ = NewServer(inner_.service(), back_endpoint);
    inner_channel_ = NewChannel(back_endpoint);
    outer_.AddUnary("Relay", [this](ServerContext&, RawMessage) { return Relay(inner_channel_); });
    outer_.AddUnary("RelayBlocking",
                    [this](ServerContext&, RawMessage) { return RelayBlocking(inner_channel_); });
    outer_.AddServerStreaming(
        "Chat", [this](ServerContext&, RawMessage) { return RelayChat(inner_channel_); });
    front_ = NewServer(outer_, front_endpoint_);
    outer_channel_ = NewChannel(front_endpoint_);
  }

  std::unique_ptr<Server> NewServer(Service& service, const std::string& endpoint) {
    auto server = std::make_unique<Server>(ServerOptions{.transport = transport_.get()});
    EXPECT_TRUE(server->AddService(service).ok());
    const absl::Status status = server->Start(endpoint);
    EXPECT_TRUE(status.ok()) << status;
    return server;
  }

  std::shared_ptr<Channel> NewChannel(const std::string& endpoint) {
    return Connect(endpoint, {.default_timeout = seconds(60),
                              .wait_for_ready = seconds(20),
                              .transport = transport_.get()});
  }

  // The inner calls end only now, and nobody is there to be told.
  void ExpectLateRepliesHarmless() {
    inner_.release.Set();
    EXPECT_TRUE(
        internal::CallUnary<RawMessage>(*inner_channel_, kEcho, RawMessage{"x"}, CallOptions())
            .ok());
  }

  static constexpr ClientMethod kRelay{"outer.v1.O/Relay", MethodType::kUnary};
  static constexpr ClientMethod kRelayBlocking{"outer.v1.O/RelayBlocking", MethodType::kUnary};
  static constexpr ClientMethod kRelayChat{"outer.v1.O/Chat", MethodType::kServerStreaming};

  TestService inner_;
  RawService outer_{"outer.v1.O"};
  const std::string front_endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> back_;
  std::shared_ptr<Channel> inner_channel_;
  std::unique_ptr<Server> front_;
  std::shared_ptr<Channel> outer_channel_;
};

TEST_P(NestedCalls, AHandlerThatAwaitsAReplyIsDestroyedAtShutdown) {
  internal::StartUnary<RawMessage>(*outer_channel_, kRelay, RawMessage{}, {}, [](RawResult) {});
  ASSERT_TRUE(inner_.entered.WaitFor(1));
  EXPECT_EQ(front_->Shutdown(milliseconds(1)).aborted.size(), 1u);
  front_.reset();
  ExpectLateRepliesHarmless();
}

TEST_P(NestedCalls, AHandlerThatAwaitsAMessageIsDestroyedAtShutdown) {
  auto chat =
      internal::OpenReader<RawMessage>(*outer_channel_, kRelayChat, RawMessage{}, CallOptions());
  ASSERT_TRUE(chat.Next().has_value());
  EXPECT_EQ(front_->Shutdown(milliseconds(1)).aborted.size(), 1u);
  front_.reset();
  ExpectLateRepliesHarmless();
}

TEST_P(NestedCalls, AHandlerOutlivesItsCallerAndEndsWithItsInnerCall) {
  CallOptions cut;
  cut.timeout = milliseconds(50);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      internal::CallUnary<RawMessage>(*outer_channel_, kRelay, RawMessage{}, cut).status()));
  ASSERT_TRUE(inner_.entered.WaitFor(1));
  outer_channel_.reset();
  inner_.release.Set();
  EXPECT_TRUE(front_->Shutdown(milliseconds(20'000)).clean());
}

TEST_P(NestedCalls, AHandlerThatWouldBlockItsLoopIsToldWhatToDo) {
  const RawResult reply =
      internal::CallUnary<RawMessage>(*outer_channel_, kRelayBlocking, RawMessage{}, CallOptions());
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_THAT(reply->bytes, AllOf(HasSubstr("event loop"), HasSubstr("RunBlocking()")));
}

INSTANTIATE_TEST_SUITE_P(Transports, NestedCalls, ::testing::ValuesIn(transport::TransportNames()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::testing
