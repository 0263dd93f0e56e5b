// Calls with callbacks and coroutines, alone and beside blocking ones.
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "client/client_fixture.h"
#include "piperpc/io_thread.h"
#include "support/eventually.h"

namespace piperpc {
namespace {

using std::chrono::milliseconds;
using testing::Arrives;
using wire::FrameKind;

class AsyncTest : public ClientTest {
 protected:
  // Ends a call whose callback has the last reference to the channel. `when_gone` runs in it.
  void DropTheLastReferenceInACallback(const std::function<void()>& when_gone) {
    std::promise<void> gone;
    internal::StartUnary<RawMessage>(*channel_, kUnaryMethod, RawMessage{"a"}, {},
                                     [&, held = channel_](absl::StatusOr<RawMessage>) mutable {
                                       held.reset();
                                       when_gone();
                                       gone.set_value();
                                     });
    ScriptedConnection connection = server_.AcceptAndGreet();
    const OwnedFrame request = connection.Expect(FrameKind::kRequest);
    channel_.reset();
    connection.Reply(request.call_id, "r");
    ASSERT_TRUE(Arrives(gone.get_future()));
    EXPECT_TRUE(connection.ReceivesEnd());
  }
};

TEST_F(AsyncTest, ACallbackGetsTheReplyOnTheLoop) {
  auto call = CallAsync("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(call), "r");
  EXPECT_EQ(counting_.loops, 1);
}

TEST_F(AsyncTest, CallsBegunInACallbackTravelInOnePacket) {
  auto first = CallAsync("warm");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame warm = connection.Expect(FrameKind::kRequest);
  std::vector<std::future<Text>> calls;
  std::promise<void> begun;
  internal::StartUnary<RawMessage>(*channel_, kUnaryMethod, RawMessage{"go"}, {},
                                   [&](absl::StatusOr<RawMessage>) {
                                     for (int i = 0; i < 10; ++i) calls.push_back(CallAsync("n"));
                                     begun.set_value();
                                   });
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  ASSERT_EQ(begun.get_future().wait_for(kPatience), std::future_status::ready);
  const std::vector<OwnedFrame> packet = connection.ReceivePacket();
  EXPECT_EQ(packet.size(), 10u);
  for (const OwnedFrame& frame : packet) connection.Reply(frame.call_id, "r");
  for (auto& call : calls) EXPECT_EQ(*Get(call), "r");
  connection.Reply(warm.call_id, "r");
  EXPECT_EQ(*Get(first), "r");
}

// The server works at the first ones while the last are being made.
TEST_F(AsyncTest, ManyCallsBegunInACallbackTravelInSomePackets) {
  auto first = CallAsync("warm");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame warm = connection.Expect(FrameKind::kRequest);
  std::promise<void> begun;
  internal::StartUnary<RawMessage>(*channel_, kUnaryMethod, RawMessage{"go"}, {},
                                   [&](absl::StatusOr<RawMessage>) {
                                     for (int i = 0; i < 64; ++i) CallAsync("n");
                                     begun.set_value();
                                   });
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  ASSERT_EQ(begun.get_future().wait_for(kPatience), std::future_status::ready);
  std::size_t frames = 0;
  std::size_t packets = 0;
  for (; frames < 64; ++packets) frames += connection.ReceivePacket().size();
  EXPECT_EQ(frames, 64u);
  EXPECT_GT(packets, 1u);
  EXPECT_LT(packets, 16u);
  connection.Reply(warm.call_id, "r");
  EXPECT_EQ(*Get(first), "r");
}

TEST_F(AsyncTest, ABlockingReaderHandsRepliesToCallbacks) {
  auto blocking = CallAside("blocking");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame one = connection.Expect(FrameKind::kRequest);
  auto async = CallAsync("async");
  const OwnedFrame two = connection.Expect(FrameKind::kRequest);
  connection.Reply(two.call_id, "r2");
  EXPECT_EQ(*Get(async), "r2");
  connection.Reply(one.call_id, "r1");
  EXPECT_EQ(*Get(blocking), "r1");
}

TEST_F(AsyncTest, TheLoopHandsRepliesToBlockedCallers) {
  auto async = CallAsync("async");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame one = connection.Expect(FrameKind::kRequest);
  auto blocking = CallAside("blocking");
  const OwnedFrame two = connection.Expect(FrameKind::kRequest);
  connection.Reply(two.call_id, "r2");
  EXPECT_EQ(*Get(blocking), "r2");
  connection.Reply(one.call_id, "r1");
  EXPECT_EQ(*Get(async), "r1");
}

TEST_F(AsyncTest, AnIdleLoopLetsBlockingCallersReadAgain) {
  auto async = CallAsync("async");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(async), "r");
  // The callback's turn of the loop may still go on; the calls below come through in any case.
  for (int i = 0; i < 3; ++i) {
    auto call = CallAside("x");
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
    EXPECT_EQ(*Get(call), "r");
  }
}

TEST_F(AsyncTest, CancelEndsTheCallAndTellsTheServer) {
  PendingCall pending(nullptr);
  auto call = CallAsync("x", {}, &pending);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  pending.Cancel();
  EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, request.call_id);
  pending.Cancel();
}

TEST_F(AsyncTest, WhatStillComesOfACancelledCallIsRead) {
  PendingCall pending(nullptr);
  auto call = CallAsync("x", {}, &pending);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  pending.Cancel();
  EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kCancelled);
  ExpectRead(connection, id);
}

TEST_F(AsyncTest, AStopTokenCancels) {
  std::stop_source stop;
  auto call = CallAsync("x", {.stop = stop.get_token()});
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  stop.request_stop();
  EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(AsyncTest, TheDeadlinePassesWhileNobodyAnswers) {
  auto call = CallAsync("x", {.timeout = milliseconds(30)});
  ScriptedConnection connection = server_.AcceptAndGreet();
  ExpectStatus(Get(call).status(), absl::StatusCode::kDeadlineExceeded, "the deadline");
}

TEST_F(AsyncTest, TheDeadlinePassesWhileConnecting) {
  server_.Stop();
  auto call = CallAsync("x", {.timeout = std::chrono::seconds(1), .wait_for_ready = kPatience});
  ExpectStatus(Get(call).status(), absl::StatusCode::kDeadlineExceeded,
               "the deadline has passed while waiting for a server at scripted");
}

TEST_F(AsyncTest, NoServerIsUnavailable) {
  server_.Stop();
  EXPECT_EQ(Get(CallAsync("x")).status().code(), absl::StatusCode::kUnavailable);
}

Task<Text> CallFromCoroutine(std::shared_ptr<Channel> channel) {
  auto call = internal::CoUnary<RawMessage>(std::move(channel), kUnaryMethod, RawMessage{"x"},
                                            CallOptions());
  absl::StatusOr<RawMessage> reply = co_await call;
  if (!reply.ok()) co_return Text(reply.status());
  co_return Text(std::move(reply->bytes));
}

TEST_F(AsyncTest, ACoroutineIsResumedWithTheReply) {
  Task<Text> task = CallFromCoroutine(channel_);
  std::promise<void> ended;
  task.Start([](void* promise) { static_cast<std::promise<void>*>(promise)->set_value(); }, &ended);
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  ASSERT_EQ(ended.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(*task.Take(), "r");
  channel_->Close();  // The frame goes away with the test, when the loop has let go of it.
}

TEST_F(AsyncTest, AStopThatCameBeforeTheCallSendsNothing) {
  std::stop_source stop;
  stop.request_stop();
  for (int i = 0; i < 100; ++i) {
    auto call = CallAsync("x", {.stop = stop.get_token()});
    EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kCancelled);
    auto stream = internal::OpenReader<RawMessage>(*channel_, kDownMethod, RawMessage{"x"},
                                                   {.stop = stop.get_token()});
    EXPECT_EQ(stream.status().code(), absl::StatusCode::kCancelled);
  }
  EXPECT_EQ(counting_.connects, 0);
}

TEST_F(AsyncTest, AStopThatComesWhileTheCallBeginsEndsItOnce) {
  server_.Stop();
  for (int i = 0; i < 100; ++i) {
    std::stop_source stop;
    std::thread stopping([&stop] { stop.request_stop(); });
    auto call = CallAsync("x", {.wait_for_ready = kPatience, .stop = stop.get_token()});
    EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kCancelled);
    stopping.join();
  }
}

TEST_F(AsyncTest, ManyThreadsAndFormsAtOnce) {
  constexpr int kCalls = 40;
  std::vector<std::future<Text>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(i % 3 == 0 ? CallAsync(std::to_string(i)) : CallAside(std::to_string(i)));
  }
  ScriptedConnection connection = server_.AcceptAndGreet();
  for (int i = 0; i < kCalls; ++i) {
    const OwnedFrame request = connection.Expect(FrameKind::kRequest);
    connection.Reply(request.call_id, request.payload);
  }
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(*Get(calls[i]), std::to_string(i));
}

TEST_F(AsyncTest, ACallWhoseEndNobodyCaresForHasNoCallback) {
  internal::StartUnary<RawMessage>(*channel_, kUnaryMethod, RawMessage{"a"}, {}, nullptr);
  auto other = CallAsync("b");
  ScriptedConnection connection = server_.AcceptAndGreet();
  for (int i = 0; i < 2; ++i) connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(other), "r");
}

TEST_F(AsyncTest, WhatCallbacksThrowGoesToTheLogAndTheLoopGoesOn) {
  std::promise<std::string> logged;
  options_.log = [&](const LogRecord& record) {
    if (record.event == "callback threw") logged.set_value(record.fields.back().second);
  };
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  internal::StartUnary<RawMessage>(
      *channel_, kUnaryMethod, RawMessage{"a"}, {},
      [](absl::StatusOr<RawMessage>) { throw std::runtime_error("in a callback"); });
  auto other = CallAsync("b");
  ScriptedConnection connection = server_.AcceptAndGreet();
  for (int i = 0; i < 2; ++i) connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(other), "r");
  std::future<std::string> text = logged.get_future();
  ASSERT_TRUE(Arrives(text));
  EXPECT_EQ(text.get(), "in a callback");
}

TEST_F(AsyncTest, ALogHookThatThrowsCostsNoCall) {
  std::atomic<int> connected = 0;
  std::atomic<int> goaways = 0;
  options_.log = [&](const LogRecord& record) {
    if (record.event == "connected") ++connected;
    if (record.event == "goaway") ++goaways;
    throw std::runtime_error("in the log hook");
  };
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  for (const bool blocking : {true, false}) {
    auto call = blocking ? CallAside("x") : CallAsync("x");
    ScriptedConnection connection = server_.AcceptAndGreet();
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    connection.Goaway(absl::OkStatus(), id);
    connection.Reply(id, "r");
    EXPECT_EQ(*Get(call), "r");
  }
  EXPECT_TRUE(testing::Eventually([&] { return connected == 2 && goaways == 2; }));
}

TEST_F(AsyncTest, ABlockingCallInACallbackIsRefusedAtOnce) {
  std::promise<Text> inner;
  internal::StartUnary<RawMessage>(*channel_, kUnaryMethod, RawMessage{"a"}, {},
                                   [&](absl::StatusOr<RawMessage>) { inner.set_value(Call("b")); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  ExpectStatus(
      Get(inner.get_future()).status(), absl::StatusCode::kFailedPrecondition,
      "this call would block the thread of an event loop, and all that it serves; in a "
      "callback or a coroutine, use CoUnary() or UnaryAsync() (of a RawClient: CoUnary() or "
      "UnaryAsync())");
}

TEST_F(AsyncTest, AStreamThatBlocksInACallbackEndsAtOnce) {
  std::promise<absl::Status> inner;
  internal::StartUnary<RawMessage>(
      *channel_, kUnaryMethod, RawMessage{"a"}, {}, [&](absl::StatusOr<RawMessage>) {
        auto reader = internal::OpenReader<RawMessage>(*channel_, kDownMethod, RawMessage{}, {});
        EXPECT_FALSE(reader.Next().has_value());
        inner.set_value(reader.status());
      });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  std::future<absl::Status> status = inner.get_future();
  ASSERT_EQ(status.wait_for(kPatience), std::future_status::ready);
  ExpectStatus(status.get(), absl::StatusCode::kFailedPrecondition,
               "use CoNext(), CoWrite() or CoFinish() of the stream, or the form with callbacks, "
               "DownAsync() (of a RawClient: ServerStreamingAsync(), ClientStreamingAsync() or "
               "BidirectionalAsync()),");
}

TEST_F(AsyncTest, TheLastReferenceMayGoAwayInTheChannelsOwnCallback) {
  const std::weak_ptr<Channel> watched = channel_;
  DropTheLastReferenceInACallback([&] { EXPECT_TRUE(watched.expired()); });
}

// It runs on the thread that connects, which nobody must wait for there.
TEST_F(AsyncTest, TheLastReferenceMayGoAwayInTheLogHookOfAConnection) {
  std::promise<void> called;
  std::promise<void> dropped;
  options_.log = [&](const LogRecord& record) {
    if (record.event != "connected") return;
    called.get_future().wait();
    channel_.reset();
    dropped.set_value();
  };
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  std::future<Text> reply = CallAsync("a");
  called.set_value();
  ASSERT_TRUE(Arrives(dropped.get_future()));
  ExpectStatus(Get(reply).status(), absl::StatusCode::kCancelled, "closed");
}

// Another thread ends the channel then, and its end has something to log.
TEST_F(AsyncTest, TheLogHookIsNotCalledAfterADestructorThatCouldNotWait) {
  std::atomic<int> logged = 0;
  const auto hook_lives = std::make_shared<int>();
  ChannelOptions options = options_;
  options.log = [&logged, hook_lives](const LogRecord& record) {
    if (record.event == "callback threw") ++logged;
  };
  auto channel = Connect(ScriptedServer::kEndpoint, std::move(options));
  const auto fails = [](absl::StatusOr<RawMessage>) { throw std::runtime_error("at the end"); };
  internal::StartUnary<RawMessage>(*channel, kUnaryMethod, RawMessage{"b"}, {}, fails);
  internal::StartUnary<RawMessage>(
      *channel, kUnaryMethod, RawMessage{"a"}, {},
      [held = channel](absl::StatusOr<RawMessage>) mutable { held.reset(); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  channel.reset();
  connection.Reply(request.call_id, "r");
  EXPECT_TRUE(testing::Eventually([&] { return hook_lives.use_count() == 1; }));
  EXPECT_EQ(logged, 0);
}

// With the callback of a call that does not get as far as a loop.
TEST_F(AsyncTest, TheLastReferenceMayGoAwayWithACallThatCannotConnect) {
  const std::weak_ptr<Channel> watched = channel_ = Connect("nobody", options_);
  std::promise<void> ended;
  internal::StartUnary<RawMessage>(
      *channel_, kUnaryMethod, RawMessage{"a"}, {},
      [&, held = channel_](absl::StatusOr<RawMessage>) { ended.set_value(); });
  channel_.reset();
  ASSERT_TRUE(Arrives(ended.get_future()));
  EXPECT_TRUE(testing::Eventually([&] { return watched.expired(); }));
}

TEST_F(AsyncTest, TheLastReferenceToAnIoThreadMayGoAwayOnIt) {
  IoThreadOptions options;
  options.transport = &counting_;
  auto thread = StartIoThread(options);
  ASSERT_TRUE(thread.ok());
  options_.io_thread = *std::move(thread);
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  options_.io_thread.reset();
  DropTheLastReferenceInACallback([] {});
}

// Each loop has what the other one would have to wait for, were it to wait.
TEST_F(AsyncTest, ChannelsAndIoThreadsMayEndInEachOthersCallbacks) {
  struct Side {
    std::shared_ptr<IoThread> thread;
    std::shared_ptr<Channel> channel;
    std::promise<void> entered;
    std::promise<void> ended;
  };
  Side sides[2];
  std::vector<ScriptedConnection> connections;
  std::vector<std::uint64_t> calls;
  for (int i = 0; i < 2; ++i) {
    Side& own = sides[i];
    Side& other = sides[1 - i];
    own.thread = *StartIoThread({.transport = &counting_});
    options_.io_thread = own.thread;
    own.channel = Connect(ScriptedServer::kEndpoint, options_);
    options_.io_thread.reset();
    internal::StartUnary<RawMessage>(*own.channel, kUnaryMethod, RawMessage{"a"}, {},
                                     [&own, &other](absl::StatusOr<RawMessage>) {
                                       own.entered.set_value();
                                       other.entered.get_future().wait();
                                       other.channel.reset();
                                       other.thread.reset();
                                       own.ended.set_value();
                                     });
    connections.push_back(server_.AcceptAndGreet());
    calls.push_back(connections.back().Expect(FrameKind::kRequest).call_id);
  }
  for (int i = 0; i < 2; ++i) connections[i].Reply(calls[i], "r");
  for (Side& side : sides) ASSERT_TRUE(Arrives(side.ended.get_future()));
  for (ScriptedConnection& connection : connections) EXPECT_TRUE(connection.ReceivesEnd());
}

TEST_F(AsyncTest, FinishGivesTheResponseOnce) {
  auto writer = internal::OpenWriter<RawMessage, RawMessage>(*channel_, kUpMethod, {});
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(writer.Finish()->bytes, "r");
  ExpectStatus(writer.Finish().status(), absl::StatusCode::kFailedPrecondition, "once");
}

}  // namespace
}  // namespace piperpc
