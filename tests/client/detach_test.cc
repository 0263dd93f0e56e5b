// Coroutines that are destroyed while they await a call, or whose executor ends meanwhile.
#include "client/client_fixture.h"
#include "piperpc/internal/wakeup.h"
#include "src/connection/loop_executor.h"

namespace piperpc {
namespace {

using wire::FrameKind;
using RawStream = ClientReaderWriter<RawMessage, RawMessage>;

// An executor of its own, whose coroutines await the calls of the channel.
class DetachTest : public ClientTest {
 protected:
  DetachTest()
      : executor_(std::make_unique<connection::LoopThread>(*server_.transport().NewLoop())) {
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

  // Starts a task that goes on when the executor has ended; the future has its end.
  template <typename T>
  std::future<void> StartToOutlive(Task<T>& task) {
    const auto ended = std::make_shared<std::promise<void>>();
    ended_ = ended;
    OnExecutor([&] {
      task.Start([](void* end) { static_cast<std::promise<void>*>(end)->set_value(); },
                 ended.get());
    });
    return ended->get_future();
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

  static Task<bool> AwaitCredit(RawStream& stream) {
    for (const char content : {'a', 'b', 'c'}) {
      auto write = stream.CoWrite(RawMessage{std::string(60'000, content)});
      const bool written = co_await write;
      if (!written) co_return false;
    }
    co_return true;
  }

  static Task<absl::StatusOr<RawMessage>> AwaitFinish(
      ClientWriter<RawMessage, RawMessage>& writer) {
    auto finish = writer.CoFinish();
    absl::StatusOr<RawMessage> reply = co_await finish;
    co_return reply;
  }

  // The server takes two messages, and gives no credit for the third.
  std::uint64_t TakeTwoMessages(ScriptedConnection& connection) {
    wire::Hello hello = ScriptedConnection::UsualHello();
    hello.initial_credit = wire::kEarlyCredit;
    connection.SendHello(hello);
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload[0], 'a');
    EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload[0], 'b');
    return id;
  }

  static void GiveCredit(ScriptedConnection& connection, std::uint64_t id) {
    wire::FrameHeader credit{.kind = FrameKind::kCredit, .call_id = id};
    credit.credit = 1'000'000;
    connection.Send(credit);
  }

  // The channel has seen all that `connection` was told to send before.
  void ExpectCallsWork(ScriptedConnection& connection) {
    std::future<Text> call = CallAsync("after");
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
    EXPECT_EQ(*Get(call), "r");
  }

  std::unique_ptr<connection::LoopThread> executor_;
  std::shared_ptr<std::promise<void>> ended_;  // Of the task.
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

TEST_F(DetachTest, AReplyResumesACoroutineWhoseExecutorHasEnded) {
  Task<absl::StatusOr<RawMessage>> task = AwaitReply();
  std::future<void> ended = StartToOutlive(task);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  executor_.reset();
  connection.Reply(id, "r");
  ended.wait();
  EXPECT_EQ(task.Take()->bytes, "r");
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

TEST_F(DetachTest, AMessageResumesACoroutineWhoseExecutorHasEnded) {
  ClientReader<RawMessage> reader =
      internal::OpenReader<RawMessage>(*channel_, kDownMethod, RawMessage{"x"}, CallOptions());
  Task<bool> task = AwaitMessage(reader);
  std::future<void> ended = StartToOutlive(task);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  executor_.reset();
  connection.Message(id, "m");
  ended.wait();
  EXPECT_TRUE(task.Take());
}

TEST_F(DetachTest, WhatACoroutineThatIsGoneWaitedToWriteIsNotSent) {
  RawStream stream =
      internal::OpenReaderWriter<RawMessage, RawMessage>(*channel_, kBothMethod, CallOptions());
  std::optional<Task<bool>> task(AwaitCredit(stream));
  Start(*task);
  ScriptedConnection connection = server_.Accept();
  const std::uint64_t id = TakeTwoMessages(connection);
  OnExecutor([&] { task.reset(); });
  GiveCredit(connection, id);
  ExpectCallsWork(connection);
  EXPECT_TRUE(stream.Write(RawMessage{"by another one"}));
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "by another one");
}

TEST_F(DetachTest, CreditResumesACoroutineWhoseExecutorHasEnded) {
  RawStream stream =
      internal::OpenReaderWriter<RawMessage, RawMessage>(*channel_, kBothMethod, CallOptions());
  Task<bool> task = AwaitCredit(stream);
  std::future<void> ended = StartToOutlive(task);
  ScriptedConnection connection = server_.Accept();
  const std::uint64_t id = TakeTwoMessages(connection);
  executor_.reset();
  GiveCredit(connection, id);
  ended.wait();
  EXPECT_TRUE(task.Take());
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload[0], 'c');
}

TEST_F(DetachTest, ACallThatIsFinishedByACoroutineThatIsGoneGoesOnUntilItIsDropped) {
  std::optional writer(
      internal::OpenWriter<RawMessage, RawMessage>(*channel_, kUpMethod, CallOptions()));
  std::optional<Task<absl::StatusOr<RawMessage>>> task(AwaitFinish(*writer));
  Start(*task);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Expect(FrameKind::kHalfClose);
  OnExecutor([&] { task.reset(); });
  writer.reset();
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  connection.Reply(id, "late");
  ExpectCallsWork(connection);
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
