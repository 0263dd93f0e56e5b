// Channels that share a thread.
#include "piperpc/io_thread.h"

#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "client/client_fixture.h"

namespace piperpc {
namespace {

using wire::FrameKind;

class IoThreadTest : public testing::Test {
 protected:
  IoThreadTest() {
    auto started = StartIoThread({.transport = &counting_});
    if (started.ok()) options_.io_thread = *std::move(started);
    options_.transport = &counting_;
  }

  std::shared_ptr<Channel> NewChannel() { return Connect(ScriptedServer::kEndpoint, options_); }

  // The thread that the call's callback runs on; the call's status is its own.
  static std::future<std::pair<absl::Status, std::thread::id>> Begin(Channel& channel) {
    using Result = std::pair<absl::Status, std::thread::id>;
    auto promise = std::make_shared<std::promise<Result>>();
    internal::StartUnary<RawMessage>(
        channel, kUnaryMethod, RawMessage{"x"}, {}, [promise](absl::StatusOr<RawMessage> reply) {
          promise->set_value({reply.status(), std::this_thread::get_id()});
        });
    return promise->get_future();
  }

  template <typename T>
  static T Get(std::future<T> future) {
    if (future.wait_for(kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "the call does not end";
      std::abort();
    }
    return future.get();
  }

  ScriptedServer server_;
  CountingTransport counting_{server_.transport()};
  ChannelOptions options_;
};

TEST_F(IoThreadTest, CarriesTheCallsOfAllItsChannels) {
  const auto one = NewChannel();
  auto first = Begin(*one);
  ScriptedConnection to_one = server_.AcceptAndGreet();
  const auto two = NewChannel();
  auto second = Begin(*two);
  ScriptedConnection to_two = server_.AcceptAndGreet();
  to_two.Reply(to_two.Expect(FrameKind::kRequest).call_id, "r");
  to_one.Reply(to_one.Expect(FrameKind::kRequest).call_id, "r");
  const auto [first_status, first_thread] = Get(std::move(first));
  const auto [second_status, second_thread] = Get(std::move(second));
  EXPECT_TRUE(first_status.ok()) << first_status;
  EXPECT_TRUE(second_status.ok()) << second_status;
  EXPECT_EQ(first_thread, second_thread);
  EXPECT_EQ(counting_.loops, 1);
}

// Blocks the thread in the callback of a call of a channel of its own, until it is told to go on.
class ThreadBlocker {
 public:
  ThreadBlocker(std::shared_ptr<Channel> channel, ScriptedServer& server)
      : channel_(std::move(channel)) {
    internal::StartUnary<RawMessage>(*channel_, kUnaryMethod, RawMessage{"x"}, {},
                                     [this](const absl::StatusOr<RawMessage>&) {
                                       blocked_.set_value();
                                       go_on_.get_future().wait();
                                     });
    connection_.emplace(server.AcceptAndGreet());
  }

  // From when the thread gets to this.
  void Block() { connection_->Reply(connection_->Expect(FrameKind::kRequest).call_id, "r"); }
  void WaitUntilBlocked() { blocked_.get_future().wait(); }
  void GoOn() { go_on_.set_value(); }

 private:
  const std::shared_ptr<Channel> channel_;
  std::optional<ScriptedConnection> connection_;
  std::promise<void> blocked_;
  std::promise<void> go_on_;
};

TEST_F(IoThreadTest, CallsThatRepliesSetOffLeaveBeforeTheNextChannelIsServed) {
  constexpr int kCalls = 3;
  const auto busy = NewChannel();
  std::atomic<int> over = 0;
  std::promise<void> all_over;
  for (int i = 0; i < kCalls; ++i) {
    internal::StartUnary<RawMessage>(
        *busy, kUnaryMethod, RawMessage{"first"}, {}, [&](const absl::StatusOr<RawMessage>&) {
          internal::StartUnary<RawMessage>(*busy, kUnaryMethod, RawMessage{"second"}, {},
                                           [&](const absl::StatusOr<RawMessage>&) {
                                             if (++over == kCalls) all_over.set_value();
                                           });
        });
  }
  ScriptedConnection to_busy = server_.AcceptAndGreet();
  std::string replies;
  for (int i = 0; i < kCalls; ++i) {
    const std::uint64_t id = to_busy.Expect(FrameKind::kRequest).call_id;
    replies += ScriptedConnection::Encode({.kind = FrameKind::kResponse, .call_id = id}, "r");
  }
  ThreadBlocker first(NewChannel(), server_);
  ThreadBlocker last(NewChannel(), server_);

  first.Block();
  first.WaitUntilBlocked();
  to_busy.SendRaw(replies);
  last.Block();
  first.GoOn();
  for (int i = 0; i < kCalls; ++i) {  // While the other channel's callback still runs.
    const OwnedFrame request = to_busy.Expect(FrameKind::kRequest);
    EXPECT_EQ(request.payload, "second");
    to_busy.Reply(request.call_id, "r");
  }
  last.GoOn();
  EXPECT_EQ(all_over.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST_F(IoThreadTest, AChannelThatGoesLeavesTheOthersAlone) {
  auto gone = NewChannel();
  auto cut = Begin(*gone);
  ScriptedConnection to_gone = server_.AcceptAndGreet();
  const auto left = NewChannel();
  auto kept = Begin(*left);
  ScriptedConnection to_left = server_.AcceptAndGreet();
  to_gone.Expect(FrameKind::kRequest);
  gone.reset();
  EXPECT_EQ(Get(std::move(cut)).first.code(), absl::StatusCode::kCancelled);
  to_left.Reply(to_left.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_TRUE(Get(std::move(kept)).first.ok());
}

TEST_F(IoThreadTest, LivesAsLongAsItsChannels) {
  const auto channel = NewChannel();
  options_.io_thread.reset();
  auto call = Begin(*channel);
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_TRUE(Get(std::move(call)).first.ok());
}

TEST_F(IoThreadTest, ADeadlineEndsACallOnIt) {
  const auto channel = NewChannel();
  auto promise = std::make_shared<std::promise<absl::Status>>();
  internal::StartUnary<RawMessage>(
      *channel, kUnaryMethod, RawMessage{"x"}, {.timeout = std::chrono::milliseconds(40)},
      [promise](absl::StatusOr<RawMessage> reply) { promise->set_value(reply.status()); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  EXPECT_EQ(Get(promise->get_future()).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(IoThreadTest, AClosedChannelOnItRefusesCalls) {
  const auto channel = NewChannel();
  channel->Close();
  EXPECT_EQ(Get(Begin(*channel)).first.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(StartIoThreadTest, RefusesABackendThatIsNotHere) {
  const absl::Status status = StartIoThread({.backend = "telepathy"}).status();
  ExpectStatus(status, absl::StatusCode::kInvalidArgument, "telepathy");
}

TEST(StartIoThreadTest, RefusesToSpinForLong) {
  const absl::Status status = StartIoThread({.spin = std::chrono::seconds(1)}).status();
  ExpectStatus(status, absl::StatusCode::kInvalidArgument, "1000000");
}

}  // namespace
}  // namespace piperpc
