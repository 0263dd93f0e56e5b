// A channel to a scripted server, and calls on it that carry plain strings.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "client/counting_transport.h"
#include "client/scripted_server.h"
#include "piperpc/channel.h"
#include "piperpc/internal/stubs.h"

namespace piperpc {

using Text = absl::StatusOr<std::string>;

inline constexpr internal::ClientMethod kUnaryMethod{"t.T/Unary", MethodType::kUnary};
inline constexpr internal::ClientMethod kDownMethod{"t.T/Down", MethodType::kServerStreaming};
inline constexpr internal::ClientMethod kUpMethod{"t.T/Up", MethodType::kClientStreaming};
inline constexpr internal::ClientMethod kBothMethod{"t.T/Both", MethodType::kBidirectional};

class ClientTest : public testing::Test {
 protected:
  explicit ClientTest(ChannelOptions options = {})
      : counting_(server_.transport()), options_(std::move(options)) {
    options_.transport = &counting_;
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
  }
  ~ClientTest() override { channel_.reset(); }

  Text Call(std::string request, const CallOptions& options = {}) {
    const absl::StatusOr<RawMessage> reply = internal::CallUnary<RawMessage>(
        *channel_, kUnaryMethod, RawMessage{std::move(request)}, options);
    if (!reply.ok()) return reply.status();
    return reply->bytes;
  }

  // A blocking call on a thread of its own.
  std::future<Text> CallAside(std::string request, CallOptions options = {}) {
    return std::async(std::launch::async,
                      [this, request = std::move(request), options = std::move(options)] {
                        return Call(request, options);
                      });
  }

  // A call with a callback.
  std::future<Text> CallAsync(std::string request, const CallOptions& options = {},
                              PendingCall* pending = nullptr) {
    auto promise = std::make_shared<std::promise<Text>>();
    PendingCall call = internal::StartUnary<RawMessage>(
        *channel_, kUnaryMethod, RawMessage{std::move(request)}, options,
        [promise](absl::StatusOr<RawMessage> reply) {
          promise->set_value(reply.ok() ? Text(reply->bytes) : Text(std::move(reply).status()));
        });
    if (pending != nullptr) *pending = call;
    return promise->get_future();
  }

  static Text Get(std::future<Text>& future) {
    if (future.wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "the call does not end";
      std::abort();
    }
    return future.get();
  }
  static Text Get(std::future<Text>&& future) { return Get(future); }

  // The first message above kCredit uses up all that the server gives.
  static constexpr std::size_t kCredit = 64 * 1024;

  ScriptedConnection AcceptWithLittleCredit() {
    wire::Hello hello = ScriptedConnection::UsualHello();
    hello.initial_credit = kCredit;
    ScriptedConnection connection = server_.Accept();
    connection.SendHello(hello);
    return connection;
  }

  static void GiveCredit(ScriptedConnection& connection, std::uint64_t id) {
    wire::FrameHeader credit{.kind = wire::FrameKind::kCredit, .call_id = id};
    credit.credit = kCredit + 2 * wire::kMessageOverhead;  // For one.
    connection.Send(credit);
  }

  // The client reads all that comes for a call that it knows of: more than the pipe holds.
  static void ExpectRead(ScriptedConnection& connection, std::uint64_t id) {
    auto sent = std::async(std::launch::async, [&connection, id] {
      const std::string packet = ScriptedConnection::Encode(
          {.kind = wire::FrameKind::kMessage, .call_id = id}, std::string(60'000, 'm'));
      for (int i = 0; i < 100; ++i) EXPECT_TRUE(connection.TrySendRaw(packet));
    });
    if (sent.wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "the client does not read";
      std::abort();
    }
  }

  ScriptedServer server_;
  CountingTransport counting_;
  ChannelOptions options_;
  std::shared_ptr<Channel> channel_;
};

inline void ExpectStatus(const absl::Status& status, absl::StatusCode code, std::string_view text) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(std::string(text)));
}

}  // namespace piperpc
