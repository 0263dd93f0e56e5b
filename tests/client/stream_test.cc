// Streams: messages in both directions, and the credit that paces them.
#include <functional>
#include <stdexcept>
#include <stop_token>

#include "client/client_fixture.h"

namespace piperpc {
namespace {

using internal::ClientStream;
using Step = ClientStream::Step;
using wire::FrameKind;

std::string Text(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

class StreamTest : public ClientTest {
 protected:
  std::shared_ptr<ClientStream> OpenDown(std::string request, const CallOptions& options = {}) {
    const RawMessage message{std::move(request)};
    const internal::OutMessage out = internal::OutMessage::Of(message);
    return channel_->OpenStream(kDownMethod, &out, options);
  }
  // All that the server has to say, in one packet.
  static void SendAllAtOnce(ScriptedConnection& connection) {
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    std::string packet;
    for (const char* message : {"a", "b", "c"}) {
      packet += ScriptedConnection::Encode({.kind = FrameKind::kMessage, .call_id = id}, message);
    }
    connection.SendRaw(packet +
                       ScriptedConnection::Encode({.kind = FrameKind::kResponse, .call_id = id}));
  }
  // Of each kind, with a message read and more there: whoever cancels may let go of what the
  // messages would be used with. `arrive`: lets them come.
  void ExpectNothingReadAfterACancel(void (*arrive)(ScriptedConnection&, ClientStream&)) {
    std::stop_source stop;
    const std::pair<const char*, std::function<void(ClientStream&)>> cancels[] = {
        {"Cancel()", [](ClientStream& stream) { stream.Cancel(); }},
        {"Close()", [&](ClientStream&) { channel_->Close(); }},
        {"stop", [&](ClientStream&) { stop.request_stop(); }}};
    for (const auto& [name, cancel] : cancels) {
      SCOPED_TRACE(name);
      channel_ = Connect(ScriptedServer::kEndpoint, options_);
      auto stream = OpenDown("go", {.stop = stop.get_token()});
      ScriptedConnection connection = server_.AcceptAndGreet();
      ASSERT_NO_FATAL_FAILURE(arrive(connection, *stream));
      wire::Bytes bytes;
      ASSERT_EQ(stream->Read(bytes), Step::kDone);
      cancel(*stream);
      EXPECT_EQ(stream->Read(bytes), Step::kEnded);
      EXPECT_EQ(stream->status().code(), absl::StatusCode::kCancelled);
    }
  }
  static Step Write(ClientStream& stream, std::string bytes) {
    const RawMessage message{std::move(bytes)};
    return stream.Write(internal::OutMessage::Of(message));
  }
  static Step TryWrite(ClientStream& stream, std::string bytes) {
    const RawMessage message{std::move(bytes)};
    return stream.TryWrite(internal::OutMessage::Of(message));
  }
};

TEST_F(StreamTest, ServerStreamingGivesMessagesAndThenTheStatus) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_EQ(request.payload, "go");
  EXPECT_TRUE(request.end);
  EXPECT_EQ(request.timeout_us, 0u);
  connection.Message(request.call_id, "a");
  connection.Message(request.call_id, "b");
  connection.Refuse(request.call_id, absl::AbortedError("enough"));
  wire::Bytes bytes;
  EXPECT_EQ(stream->Read(bytes), Step::kDone);
  EXPECT_EQ(Text(bytes), "a");
  EXPECT_EQ(stream->Read(bytes), Step::kDone);
  EXPECT_EQ(Text(bytes), "b");
  EXPECT_EQ(stream->Read(bytes), Step::kEnded);
  EXPECT_EQ(stream->status(), absl::AbortedError("enough"));
}

TEST_F(StreamTest, NothingIsReadAfterACancelOfAnyKind) {
  ExpectNothingReadAfterACancel([](ScriptedConnection& connection, ClientStream&) {
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    for (const char* message : {"a", "b", "c"}) connection.Message(id, message);
    connection.Send({.kind = FrameKind::kPing});
    connection.Expect(FrameKind::kPong);  // All of them are there.
  });
}

TEST_F(StreamTest, NothingIsReadAfterACancelThoughTheServerHasEndedTheCall) {
  ExpectNothingReadAfterACancel([](ScriptedConnection& connection, ClientStream& stream) {
    SendAllAtOnce(connection);
    ASSERT_TRUE(stream.status().ok());
  });
}

TEST_F(StreamTest, AfterACloseEveryFormIsRefusedWithTheSameStatus) {
  channel_->Close();
  auto stream = OpenDown("go");
  wire::Bytes bytes;
  EXPECT_EQ(stream->Read(bytes), Step::kEnded);
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(stream->status(), Call("x").status());
}

TEST_F(StreamTest, ACancelAfterTheEndWasReadChangesNothing) {
  std::stop_source stop;
  auto stream = OpenDown("go", {.stop = stop.get_token()});
  ScriptedConnection connection = server_.AcceptAndGreet();
  SendAllAtOnce(connection);
  wire::Bytes bytes;
  while (stream->Read(bytes) == Step::kDone) continue;
  stream->Cancel();
  stop.request_stop();
  channel_->Close();
  EXPECT_TRUE(stream->status().ok());
}

TEST_F(StreamTest, ACancelLeavesTheOnlyReplyOfACallThatHasEnded) {
  auto stream = channel_->OpenStream(kUpMethod, nullptr, {});
  ScriptedConnection connection = server_.AcceptAndGreet();
  stream->HalfClose();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  ASSERT_TRUE(stream->status().ok());
  stream->Cancel();
  channel_->Close();
  wire::Bytes bytes;
  ASSERT_EQ(stream->Read(bytes), Step::kDone);
  EXPECT_EQ(Text(bytes), "r");
  EXPECT_TRUE(stream->status().ok());
}

// The callback may have let go of what it uses.
TEST_F(StreamTest, NoCallbackOfAMessageRunsAfterOneThatCancels) {
  std::stop_source stop;
  std::optional<PendingCall> call;
  const std::pair<const char*, std::function<void()>> cancels[] = {
      {"Cancel()", [&] { call->Cancel(); }},
      {"Close()", [&] { channel_->Close(); }},
      {"stop", [&] { stop.request_stop(); }}};
  for (const auto& [name, cancel] : cancels) {
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
    std::vector<std::string> messages;
    std::promise<absl::Status> end;
    call = internal::ListenToStream<RawMessage>(
        *channel_, kDownMethod, RawMessage{"go"}, {.stop = stop.get_token()},
        [&, does = cancel](RawMessage message) {
          messages.push_back(message.bytes);
          does();
        },
        [&](absl::Status status) { end.set_value(std::move(status)); });
    ScriptedConnection connection = server_.AcceptAndGreet();
    SendAllAtOnce(connection);
    auto ended = end.get_future();
    ASSERT_EQ(ended.wait_for(kPatience), std::future_status::ready) << name;
    EXPECT_EQ(ended.get().code(), absl::StatusCode::kCancelled) << name;
    EXPECT_THAT(messages, testing::ElementsAre("a")) << name;
  }
}

TEST_F(StreamTest, ACallbackOfAMessageThatHasNoMemoryEndsTheCallWithThat) {
  std::promise<absl::Status> done;
  internal::ListenToStream<RawMessage>(
      *channel_, kDownMethod, RawMessage{"go"}, {}, [](RawMessage) { throw std::bad_alloc(); },
      [&](absl::Status status) { done.set_value(std::move(status)); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Message(connection.Expect(FrameKind::kRequest).call_id, "a");
  ExpectStatus(done.get_future().get(), absl::StatusCode::kResourceExhausted, "ran out of memory");
}

TEST_F(StreamTest, WhatTheCallbackOfAMessageThrowsGoesToTheLog) {
  std::promise<std::string> logged;
  options_.log = [&](const LogRecord& record) {
    if (record.event == "callback threw") logged.set_value(record.fields.back().second);
  };
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  std::promise<absl::Status> done;
  internal::ListenToStream<RawMessage>(
      *channel_, kDownMethod, RawMessage{"go"}, {},
      [](RawMessage) { throw std::runtime_error("in a callback"); },
      [&](absl::Status status) { done.set_value(std::move(status)); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Message(connection.Expect(FrameKind::kRequest).call_id, "a");
  ExpectStatus(done.get_future().get(), absl::StatusCode::kInternal, "threw");
  EXPECT_EQ(logged.get_future().get(), "in a callback");
}

TEST_F(StreamTest, CallbacksMayBeMissing) {
  internal::ListenToStream<RawMessage>(*channel_, kDownMethod, RawMessage{"go"}, {}, nullptr,
                                       nullptr);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(id, "a");
  connection.Reply(id, "");
  auto next = CallAsync("x");  // The loop goes on.
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(next), "r");
}

TEST_F(StreamTest, CreditIsGivenBackAsMessagesAreRead) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  const std::string message(100'000, 'x');
  connection.Message(id, message);
  connection.Message(id, message);
  wire::Bytes bytes;
  ASSERT_EQ(stream->Read(bytes), Step::kDone);
  ASSERT_EQ(stream->Read(bytes), Step::kDone);
  const OwnedFrame credit = connection.Expect(FrameKind::kCredit);
  EXPECT_EQ(credit.call_id, id);
  EXPECT_EQ(credit.credit, 2u * (100'000 + wire::kMessageOverhead));
}

TEST_F(StreamTest, AServerThatOverrunsItsCreditEndsTheCall) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  for (int i = 0; i < 5; ++i) connection.Message(id, std::string(100'000, 'x'));
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
}

// The rest of the message never comes.
TEST_F(StreamTest, AServerThatBeginsAMessageWithoutCreditEndsTheCall) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  const std::string part(100'000, 'p');
  for (int i = 0; i < 3; ++i) connection.Message(id, part);
  connection.Send({.kind = FrameKind::kMessage,
                   .call_id = id,
                   .flags = wire::kMore,
                   .message_size = 2 * part.size()},
                  part);
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(StreamTest, ClientStreamingSendsMessagesAndGetsOneReply) {
  auto stream = channel_->OpenStream(kUpMethod, nullptr, {});
  ScriptedConnection connection = server_.AcceptAndGreet();
  EXPECT_EQ(Write(*stream, "a"), Step::kDone);
  EXPECT_EQ(Write(*stream, "b"), Step::kDone);
  stream->HalfClose();
  EXPECT_EQ(Write(*stream, "c"), Step::kEnded);
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_FALSE(request.end);
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "a");
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "b");
  connection.Expect(FrameKind::kHalfClose);
  connection.Reply(request.call_id, "both");
  wire::Bytes bytes;
  EXPECT_EQ(stream->Read(bytes), Step::kDone);
  EXPECT_EQ(Text(bytes), "both");
  EXPECT_EQ(stream->Read(bytes), Step::kEnded);
  EXPECT_TRUE(stream->status().ok());
}

TEST_F(StreamTest, AWriterWaitsForCredit) {
  auto stream = channel_->OpenStream(kBothMethod, nullptr, {});
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  ASSERT_EQ(Write(*stream, std::string(70'000, 'x')), Step::kDone);
  EXPECT_EQ(TryWrite(*stream, "more"), Step::kLater);
  std::promise<void> writable;
  stream->WhenWritable([&] { writable.set_value(); });
  auto blocked = std::async(std::launch::async, [&] { return Write(*stream, "more"); });
  connection.Expect(FrameKind::kMessage);
  wire::FrameHeader credit{.kind = FrameKind::kCredit, .call_id = id};
  credit.credit = 100'000;
  connection.Send(credit);
  EXPECT_EQ(blocked.get(), Step::kDone);
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "more");
  EXPECT_EQ(writable.get_future().wait_for(kPatience), std::future_status::ready);
}

TEST_F(StreamTest, AStopEndsAWriterThatWaitsForCredit) {
  std::stop_source stop;
  auto stream = channel_->OpenStream(kBothMethod, nullptr,
                                     {.timeout = std::chrono::hours(1), .stop = stop.get_token()});
  ScriptedConnection connection = AcceptWithLittleCredit();
  connection.Expect(FrameKind::kRequest);
  ASSERT_EQ(Write(*stream, std::string(70'000, 'x')), Step::kDone);
  connection.Expect(FrameKind::kMessage);
  auto blocked = std::async(std::launch::async, [&] { return Write(*stream, "more"); });
  stop.request_stop();
  ASSERT_EQ(blocked.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(blocked.get(), Step::kEnded);
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kCancelled);
}

TEST_F(StreamTest, BothDirectionsAtOnce) {
  ClientReaderWriter<RawMessage, RawMessage> stream(channel_->OpenStream(kBothMethod, nullptr, {}));
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(stream.Write(RawMessage{std::to_string(i)}));
    connection.Message(id, connection.Expect(FrameKind::kMessage).payload);
    const auto reply = stream.Next();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->bytes, std::to_string(i));
  }
  stream.WritesDone();
  connection.Expect(FrameKind::kHalfClose);
  connection.Reply(id, "");
  EXPECT_FALSE(stream.Next().has_value());
  EXPECT_TRUE(stream.status().ok());
}

TEST_F(StreamTest, DroppingAStreamCancelsIt) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  stream.reset();
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
}

TEST_F(StreamTest, AReaderThatWaitsIsWokenEachTime) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  for (const std::string sent : {"a", "b", "c"}) {
    std::future<std::string> read = std::async(std::launch::async, [&stream] {
      wire::Bytes bytes;
      return stream->Read(bytes) == Step::kDone ? Text(bytes) : "ended";
    });
    connection.Message(id, sent);
    EXPECT_EQ(read.get(), sent);
  }
}

TEST_F(StreamTest, FramesOfCallsInTurnsReachTheirCalls) {
  auto first = OpenDown("first");
  auto second = OpenDown("second");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t first_id = connection.Expect(FrameKind::kRequest).call_id;
  const std::uint64_t second_id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(first_id, "a");
  connection.Message(second_id, "b");
  connection.Message(second_id, "c");
  connection.Message(first_id, "d");
  connection.Reply(first_id, "");
  connection.Message(second_id, "e");
  connection.Reply(second_id, "");
  const auto all_of = [](ClientStream& stream) {
    wire::Bytes bytes;
    std::string all;
    while (stream.Read(bytes) == Step::kDone) all += Text(bytes);
    return all;
  };
  EXPECT_EQ(all_of(*first), "ad");
  EXPECT_EQ(all_of(*second), "bce");
}

TEST_F(StreamTest, FramesThatComeAfterACancelAreNoOnes) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(id, "a");
  wire::Bytes bytes;
  EXPECT_EQ(stream->Read(bytes), Step::kDone);
  stream.reset();
  connection.Expect(FrameKind::kCancel);
  connection.Message(id, "b");
  connection.Refuse(id, absl::CancelledError("as you wish"));
  auto call = CallAsync("still there?");
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "yes");
  EXPECT_EQ(*call.get(), "yes");
}

TEST_F(StreamTest, FailTellsItsStatusThoughTheCallIsOver) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  connection.Message(request.call_id, "a");
  connection.Message(request.call_id, "b");
  connection.Reply(request.call_id, "");
  EXPECT_EQ(stream->status(), absl::OkStatus());
  wire::Bytes bytes;
  EXPECT_EQ(stream->Read(bytes), Step::kDone);
  stream->Fail(absl::InternalError("no such message"));
  EXPECT_EQ(stream->Read(bytes), Step::kEnded);
  EXPECT_EQ(stream->status(), absl::InternalError("no such message"));
}

TEST_F(StreamTest, FailEndsTheCallWithItsStatus) {
  auto stream = OpenDown("go");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  stream->Fail(absl::InternalError("no such message"));
  EXPECT_EQ(stream->status(), absl::InternalError("no such message"));
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
}

TEST_F(StreamTest, MessagesThatCameBeforeTheLossAreStillRead) {
  auto stream = OpenDown("go");
  {
    ScriptedConnection connection = server_.AcceptAndGreet();
    connection.Message(connection.Expect(FrameKind::kRequest).call_id, "a");
  }
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kUnavailable);
  wire::Bytes bytes;
  EXPECT_EQ(stream->TryRead(bytes), Step::kDone);
  EXPECT_EQ(stream->TryRead(bytes), Step::kEnded);
}

TEST_F(StreamTest, AMessageAboveTheServersLimitEndsTheStreamAlone) {
  auto stream = channel_->OpenStream(kBothMethod, nullptr, {});
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  ASSERT_EQ(Write(*stream, "small"), Step::kDone);
  connection.Expect(FrameKind::kMessage);
  ASSERT_TRUE(channel_->WaitUntilReady(kPatience).ok());
  EXPECT_EQ(Write(*stream, std::string(5 * 1024 * 1024, 'x')), Step::kEnded);
  ExpectStatus(stream->status(), absl::StatusCode::kResourceExhausted, "4194304");
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
}

TEST_F(StreamTest, ADeadlineEndsAStream) {
  auto stream = OpenDown("go", {.timeout = std::chrono::seconds(2)});
  ScriptedConnection connection = server_.AcceptAndGreet();
  wire::Bytes bytes;
  EXPECT_EQ(stream->Read(bytes), Step::kEnded);
  ExpectStatus(stream->status(), absl::StatusCode::kDeadlineExceeded,
               "while waiting for the reply to t.T/Down from the server at scripted");
}

TEST_F(StreamTest, AListenerGetsEachMessageAndTheEnd) {
  std::vector<std::string> messages;
  std::promise<absl::Status> end;
  PendingCall call = internal::ListenToStream<RawMessage>(
      *channel_, kDownMethod, RawMessage{"go"}, {},
      [&](RawMessage message) { messages.push_back(message.bytes); },
      [&](absl::Status status) { end.set_value(std::move(status)); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  for (int i = 0; i < 3; ++i) connection.Message(id, std::to_string(i));
  connection.Reply(id, "");
  auto ended = end.get_future();
  ASSERT_EQ(ended.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ended.get().ok());
  EXPECT_THAT(messages, testing::ElementsAre("0", "1", "2"));
}

}  // namespace
}  // namespace piperpc
