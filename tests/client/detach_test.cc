// Coroutines that go away while they await a call.
#include "client/client_fixture.h"
#include "piperpc/internal/wakeup.h"
#include "src/session/loop_executor.h"

namespace piperpc {
namespace {

using wire::FrameKind;

// An executor of its own, whose coroutines await the calls of the channel.
class DetachTest : public ClientTest {
 protected:
  DetachTest() : executor_(std::make_unique<LoopThread>(*server_.transport().NewLoop())) {
    EXPECT_TRUE(executor_->Start().ok());
  }

  void OnExecutor(absl::AnyInvocable<void()> work) {
    std::promise<void> done;
    executor_->loop().Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  template <typename T>
  void Start(Task<T>& task) {
    OnExecutor([&] { task.Start([](void*) { ADD_FAILURE() << "it was resumed"; }, nullptr); });
  }

  Task<absl::StatusOr<RawMessage>> AwaitReply() {
    return internal::CoUnary<RawMessage>(std::shared_ptr<internal::ChannelCore>(channel_),
                                         kUnaryMethod, RawMessage{"x"}, CallOptions());
  }

  static Task<bool> AwaitMessage(ClientReader<RawMessage>& reader) {
    auto next = reader.CoNext();
    std::optional<RawMessage> message = co_await next;
    co_return message.has_value();
  }

  // The channel has seen all that `connection` was told to send before.
  void ExpectCallsWork(ScriptedConnection& connection) {
    std::future<Text> call = CallAsync("after");
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
    EXPECT_EQ(*Get(call), "r");
  }

  std::unique_ptr<LoopThread> executor_;
};

TEST_F(DetachTest, ACallWhoseCoroutineIsGoneIsCancelled) {
  std::optional<Task<absl::StatusOr<RawMessage>>> task(AwaitReply());
  Start(*task);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  OnExecutor([&] { task.reset(); });
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  connection.Reply(id, "late");
  ExpectCallsWork(connection);
}

TEST_F(DetachTest, AReplyForAnExecutorThatIsGoneIsDropped) {
  Task<absl::StatusOr<RawMessage>> task = AwaitReply();
  Start(task);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  executor_.reset();
  connection.Reply(id, "late");
  ExpectCallsWork(connection);
}

TEST_F(DetachTest, AMessageForACoroutineThatIsGoneIsForTheNextReader) {
  ClientReader<RawMessage> reader =
      internal::OpenReader<RawMessage>(*channel_, kDownMethod, RawMessage{"x"}, CallOptions());
  std::optional<Task<bool>> task(AwaitMessage(reader));
  Start(*task);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  OnExecutor([&] { task.reset(); });
  connection.Message(id, "m");
  ExpectCallsWork(connection);
  EXPECT_EQ(reader.Next()->bytes, "m");
}

TEST_F(DetachTest, AMessageForAnExecutorThatIsGoneIsForTheNextReader) {
  ClientReader<RawMessage> reader =
      internal::OpenReader<RawMessage>(*channel_, kDownMethod, RawMessage{"x"}, CallOptions());
  Task<bool> task = AwaitMessage(reader);
  Start(task);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  executor_.reset();
  connection.Message(id, "m");
  ExpectCallsWork(connection);
  EXPECT_EQ(reader.Next()->bytes, "m");
}

TEST_F(DetachTest, WhatWasPostedBeforeDoesNothing) {
  int woken = 0;
  const auto wake = [](void* count) { ++*static_cast<int*>(count); };
  OnExecutor([&] {
    auto gone = std::make_shared<internal::Wakeup>(Executor::CurrentHandle(), wake, &woken);
    gone->Fire();
    gone->Detach();
    std::make_shared<internal::Wakeup>(Executor::CurrentHandle(), wake, &woken)->Fire();
  });
  OnExecutor([&] { EXPECT_EQ(woken, 1); });
}

}  // namespace
}  // namespace piperpc
