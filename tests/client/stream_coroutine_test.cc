// Streams that coroutines write and read: without an executor, on the channel's loop.
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>

#include "client/client_fixture.h"
#include "piperpc/raw_client.h"
#include "support/raw_forms.h"

namespace piperpc {
namespace {

using wire::FrameKind;
using RawReply = absl::StatusOr<RawMessage>;
using RawStream = ClientReaderWriter<RawMessage, RawMessage>;

class StreamCoroutineTest : public ClientTest {
 protected:
  static Task<bool> Write(RawStream& stream, std::string bytes) {
    auto write = stream.CoWrite(RawMessage{std::move(bytes)});
    const bool written = co_await write;
    co_return written;
  }

  static Task<bool> WriteThree(RawStream& stream) {
    bool written = true;
    for (int i = 0; written && i < 3; ++i) {
      auto write = stream.CoWrite(RawMessage{std::string(kCredit + 1, static_cast<char>('a' + i))});
      written = co_await write;
    }
    co_return written;
  }

  // Writes three messages, on the channel's loop when it has waited. The result.
  std::future<bool> StartToWriteThree(RawStream& stream) {
    return std::async(std::launch::async, [&] { return SyncWait(WriteThree(stream)); });
  }

  static bool Get(std::future<bool>& future) {
    if (!testing::Arrives(future)) std::abort();
    return future.get();
  }

  RawClient client_{channel_};
};

TEST_F(StreamCoroutineTest, AWriterWaitsForCreditAndHoldsUpNobody) {
  RawStream stream = client_.Bidirectional("t.T/Both");
  std::future<bool> written = StartToWriteThree(stream);
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  for (const char first : {'a', 'b', 'c'}) {
    EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload[0], first);
    auto call = CallAsync("beside it");  // The next frame is no message.
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
    EXPECT_EQ(*ClientTest::Get(call), "r");
    GiveCredit(connection, id);
  }
  EXPECT_TRUE(Get(written));
}

TEST_F(StreamCoroutineTest, AWriterThatWaitsIsToldOfTheEndOfTheCall) {
  RawStream stream = client_.Bidirectional("t.T/Both");
  std::future<bool> written = StartToWriteThree(stream);
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Expect(FrameKind::kMessage);
  connection.Refuse(id, absl::AbortedError("enough"));
  EXPECT_FALSE(Get(written));
  EXPECT_EQ(stream.status(), absl::AbortedError("enough"));
}

TEST_F(StreamCoroutineTest, CancelLetsAWriterGo) {
  RawStream stream = client_.Bidirectional("t.T/Both");
  std::future<bool> written = StartToWriteThree(stream);
  ScriptedConnection connection = AcceptWithLittleCredit();
  connection.Expect(FrameKind::kRequest);
  connection.Expect(FrameKind::kMessage);
  stream.Cancel();
  EXPECT_FALSE(Get(written));
  EXPECT_TRUE(absl::IsCancelled(stream.status()));
}

TEST_F(StreamCoroutineTest, NothingIsWrittenAfterWritesDone) {
  RawStream stream = client_.Bidirectional("t.T/Both");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  stream.WritesDone();
  EXPECT_FALSE(SyncWait(Write(stream, "late")));
  connection.Expect(FrameKind::kHalfClose);
  connection.Reply(id, "");
  EXPECT_FALSE(stream.Next().has_value());
  EXPECT_TRUE(stream.status().ok());
}

Task<RawReply> Finish(ClientWriter<RawMessage, RawMessage>& writer) {
  auto finish = writer.CoFinish();
  RawReply reply = co_await finish;
  co_return reply;
}

TEST_F(StreamCoroutineTest, FinishGivesTheResponseOnceInWhateverForm) {
  auto writer = client_.ClientStreaming("t.T/Up");
  auto first = std::async(std::launch::async, [&] { return SyncWait(Finish(writer)); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Expect(FrameKind::kHalfClose);
  connection.Reply(id, "r");
  ASSERT_TRUE(testing::Arrives(first));
  EXPECT_EQ(first.get()->bytes, "r");
  ExpectStatus(SyncWait(Finish(writer)).status(), absl::StatusCode::kFailedPrecondition, "once");
  ExpectStatus(writer.Finish().status(), absl::StatusCode::kFailedPrecondition, "once");
}

TEST_F(StreamCoroutineTest, FinishOfAChannelThatIsClosedTellsSo) {
  channel_->Close();
  auto writer = client_.ClientStreaming("t.T/Up");
  ExpectStatus(SyncWait(Finish(writer)).status(), absl::StatusCode::kFailedPrecondition, "closed");
}

// --- A coroutine that owns its client, and goes away with it at its end, on the client's loop. ---

// Nobody holds its frame but itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

using OwnedClient = std::unique_ptr<RawClient>;

Detached CallAndEnd(OwnedClient client, std::promise<absl::Status>& result) {
  auto call = client->CoUnary("t.T/Unary", RawMessage{"x"});
  RawReply reply = co_await call;
  result.set_value(reply.status());
}

Detached ReadOnceAndEnd(OwnedClient client, std::promise<absl::Status>& result) {
  auto replies = client->ServerStreaming("t.T/Down", RawMessage{"x"});
  auto next = replies.CoNext();
  std::optional<RawMessage> message = co_await next;
  const absl::Status none = absl::NotFoundError("no message");
  result.set_value(message.has_value() ? absl::OkStatus() : none);
}

class OwnedClientTest : public StreamCoroutineTest {
 protected:
  OwnedClient NewClient() {
    return std::make_unique<RawClient>(Connect(ScriptedServer::kEndpoint, options_));
  }

  // The frame takes the client with it, and that its connection.
  void ExpectEnd(ScriptedConnection& connection, absl::StatusCode code) {
    std::future<absl::Status> ended = result_.get_future();
    ASSERT_TRUE(testing::Arrives(ended));
    EXPECT_EQ(ended.get().code(), code);
    EXPECT_TRUE(connection.ReceivesEnd());
  }

  std::promise<absl::Status> result_;
};

TEST_F(OwnedClientTest, GoesAwayWithACoroutineThatHasItsReply) {
  CallAndEnd(NewClient(), result_);
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  ExpectEnd(connection, absl::StatusCode::kOk);
}

TEST_F(OwnedClientTest, GoesAwayWithACoroutineWhoseCallHasFailed) {
  CallAndEnd(NewClient(), result_);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Refuse(id, absl::AbortedError("enough"));
  ExpectEnd(connection, absl::StatusCode::kAborted);
}

TEST_F(OwnedClientTest, GoesAwayWithACoroutineThatLeavesItsStream) {
  ReadOnceAndEnd(NewClient(), result_);
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Message(connection.Expect(FrameKind::kRequest).call_id, "m");
  ExpectEnd(connection, absl::StatusCode::kOk);
}

// --- A server that has another type of method than was called. ---

TEST_F(StreamCoroutineTest, AMessageForACallOfOneReplyCostsThatCallAlone) {
  auto call = CallAsync("x");
  auto upload = client_.ClientStreaming("t.T/Up");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t unary = connection.Expect(FrameKind::kRequest).call_id;
  const std::uint64_t up = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(unary, "m");
  ExpectStatus(ClientTest::Get(call).status(), absl::StatusCode::kInvalidArgument, "t.T/Unary");
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, unary);
  auto finish = std::async(std::launch::async, [&] { return SyncWait(Finish(upload)); });
  EXPECT_EQ(connection.Expect(FrameKind::kHalfClose).call_id, up);
  connection.Message(up, "m");
  ASSERT_TRUE(testing::Arrives(finish));
  ExpectStatus(finish.get().status(), absl::StatusCode::kInvalidArgument, "t.T/Up");
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, up);
  auto after = CallAsync("after");
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*ClientTest::Get(after), "r");
}

TEST_F(StreamCoroutineTest, AReplyForACallThatStreamsThemIsNotLostInSilence) {
  auto replies = client_.ServerStreaming("t.T/Down", RawMessage{"x"});
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_FALSE(replies.Next().has_value());
  ExpectStatus(replies.status(), absl::StatusCode::kInvalidArgument, "t.T/Down");
}

TEST_F(StreamCoroutineTest, ACallOfAnyTypeGivesItsMessagesAndTheResponse) {
  RawCall call = client_.OpenWithRequest("t.T/Any", RawMessage{"x"});
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_TRUE(request.end);
  connection.Message(request.call_id, "m");
  connection.Reply(request.call_id, "r");
  EXPECT_EQ(call.Next()->bytes, "m");
  EXPECT_FALSE(call.Next().has_value());
  EXPECT_TRUE(call.status().ok());
  EXPECT_EQ(call.TakeResponse().bytes, "r");
  EXPECT_EQ(call.TakeResponse().bytes, "");
}

}  // namespace
}  // namespace piperpc
