// Streams whose requests are written with callbacks, on the channel's loop.
#include <atomic>
#include <functional>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>

#include "client/client_fixture.h"
#include "piperpc/io_thread.h"
#include "piperpc/raw_client.h"
#include "support/journal.h"

namespace piperpc {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using wire::FrameKind;
using RawReply = absl::StatusOr<RawMessage>;
using RawWriter = AsyncWriter<RawMessage>;

std::string Text(const absl::Status& status) { return status.ok() ? "OK" : status.ToString(); }

// All callbacks write to one journal: what a message's was told, each message, and the end.
class StreamCallbackTest : public ClientTest {
 protected:
  ~StreamCallbackTest() override { channel_.reset(); }  // Before what its callbacks use.

  RawClient client() const { return RawClient(channel_); }

  RawWriter Upload(const CallOptions& options = {}) {
    return client().ClientStreamingAsync("t.T/Up", options, [this](const RawReply& reply) {
      journal_.Add("end " + (reply.ok() ? reply->bytes : Text(reply.status())));
    });
  }

  std::function<void(absl::Status)> TellEnd() {
    return [this](const absl::Status& status) { journal_.Add("end " + Text(status)); };
  }

  RawWriter Talk(const CallOptions& options = {},
                 std::function<void(const RawWriter&)> then = nullptr) {
    return client().BidirectionalAsync(
        "t.T/Both", options,
        [this, then = std::move(then)](const RawWriter& writer, const RawMessage& message) {
          journal_.Add("message " + message.bytes);
          if (then) then(writer);
        },
        TellEnd());
  }

  absl::AnyInvocable<void(absl::Status)> TellWritten() {
    return [this](const absl::Status& status) { journal_.Add("written " + Text(status)); };
  }

  void Write(const RawWriter& writer, std::string bytes) {
    writer.Write(RawMessage{std::move(bytes)}, TellWritten());
  }

  // Uses up the server's credit, and leaves one that waits. What the server has of the call.
  std::uint64_t WriteTwo(const RawWriter& writer, ScriptedConnection& connection) {
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    Write(writer, std::string(kCredit + 1, 'a'));
    connection.Expect(FrameKind::kMessage);
    EXPECT_THAT(journal_.Lines(1), ElementsAre("written OK"));
    Write(writer, "waits");
    return id;
  }

  // All callbacks that were due before have run: these lines are all there is.
  template <typename... Lines>
  void ExpectJournal(ScriptedConnection& connection, Lines... lines) {
    EXPECT_THAT(journal_.Lines(sizeof...(lines)), ElementsAre(lines...));
    auto call = CallAsync("beside it");
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
    EXPECT_EQ(*ClientTest::Get(call), "r");
    EXPECT_THAT(journal_.Lines(sizeof...(lines)), ElementsAre(lines...));
  }

  // Without a connection that could be asked.
  template <typename... Lines>
  void ExpectLines(Lines... lines) {
    EXPECT_THAT(journal_.Lines(sizeof...(lines)), ElementsAre(lines...));
  }

  // All that the channel had to do is done when `end` returns.
  void ExpectCancelledBy(const std::function<void()>& end) {
    const RawWriter upload = Upload();
    ScriptedConnection connection = AcceptWithLittleCredit();
    WriteTwo(upload, connection);
    end();
    ExpectLines("written OK", StartsWith("written CANCELLED"), StartsWith("end CANCELLED"));
    Write(upload, "late");
    EXPECT_THAT(journal_.Lines(4).back(), StartsWith("written CANCELLED"));
  }

  void LogThrown() {
    options_.log = [this](const LogRecord& record) {
      if (record.event == "callback threw") logged_.Add(record.fields.back().second);
    };
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
  }

  testing::Journal journal_;
  testing::Journal logged_;
};

// --- What goes well. ---

TEST_F(StreamCallbackTest, AnUploadSendsItsMessagesAndGetsOneReply) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_FALSE(request.end);
  for (const std::size_t count : {1u, 2u}) {
    Write(upload, std::to_string(count));
    EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, std::to_string(count));
    EXPECT_EQ(journal_.Lines(count).back(), "written OK");
  }
  upload.WritesDone();
  connection.Expect(FrameKind::kHalfClose);
  connection.Reply(request.call_id, "both");
  ExpectJournal(connection, "written OK", "written OK", "end both");
}

TEST_F(StreamCallbackTest, MessagesAreWrittenWhenOthersCome) {
  int left = 2;
  const RawWriter talk = Talk({}, [&](const RawWriter& writer) {
    --left > 0 ? Write(writer, "next") : writer.WritesDone();
  });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(id, "a");
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "next");
  connection.Message(id, "b");
  connection.Expect(FrameKind::kHalfClose);
  connection.Message(id, "c");
  connection.Reply(id, "");
  ExpectJournal(connection, "message a", "written OK", "message b", "message c", "end OK");
}

// Before the call has a connection.
TEST_F(StreamCallbackTest, WhatIsWrittenAtOnceIsSentWhenTheServerIsThere) {
  const RawWriter upload = Upload();
  Write(upload, "early");
  upload.WritesDone();
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "early");
  connection.Expect(FrameKind::kHalfClose);
  connection.Reply(id, "r");
  ExpectJournal(connection, "written OK", "end r");
}

TEST_F(StreamCallbackTest, CallbacksRunOnTheLoopAndNotInsideTheCallThatStartsThem) {
  std::promise<std::thread::id> end;
  std::promise<std::thread::id> first;
  std::promise<std::thread::id> second;
  std::atomic<bool> inside = false;
  const RawWriter upload = client().ClientStreamingAsync(
      "t.T/Up", {}, [&](const RawReply&) { end.set_value(std::this_thread::get_id()); });
  upload.Write(RawMessage{"a"}, [&](const absl::Status&) {
    first.set_value(std::this_thread::get_id());
    inside = true;
    upload.Write(RawMessage{"b"}, [&](const absl::Status&) {
      EXPECT_FALSE(inside);
      second.set_value(std::this_thread::get_id());
    });
    inside = false;
  });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  const std::thread::id loop = first.get_future().get();
  EXPECT_NE(loop, std::this_thread::get_id());
  EXPECT_EQ(second.get_future().get(), loop);
  connection.Refuse(id, absl::AbortedError("enough"));
  EXPECT_EQ(end.get_future().get(), loop);
}

TEST_F(StreamCallbackTest, CallbacksOfChannelsThatShareAThreadRunThere) {
  auto thread = StartIoThread({.transport = &counting_});
  ASSERT_TRUE(thread.ok()) << thread.status();
  options_.io_thread = *std::move(thread);
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  std::promise<std::thread::id> of_unary;
  internal::StartUnary<RawMessage>(
      *channel_, kUnaryMethod, RawMessage{"x"}, {},
      [&](const RawReply&) { of_unary.set_value(std::this_thread::get_id()); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  std::promise<std::thread::id> of_write;
  const RawWriter upload = Upload();
  upload.Write(RawMessage{"a"},
               [&](const absl::Status&) { of_write.set_value(std::this_thread::get_id()); });
  EXPECT_EQ(of_write.get_future().get(), of_unary.get_future().get());
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Expect(FrameKind::kMessage);
  connection.Reply(id, "r");
  ExpectJournal(connection, "end r");
  EXPECT_EQ(counting_.loops, 1);
}

TEST_F(StreamCallbackTest, CallbacksMayBeMissing) {
  const RawWriter upload = client().ClientStreamingAsync("t.T/Up", {}, nullptr);
  const RawWriter talk = client().BidirectionalAsync("t.T/Both", {}, nullptr, nullptr);
  ScriptedConnection connection = server_.AcceptAndGreet();
  for (const RawWriter& writer : {upload, talk}) {
    writer.Write(RawMessage{"a"}, nullptr);
    writer.WritesDone();
  }
  std::vector<std::uint64_t> ids;
  while (ids.size() < 2) {
    const OwnedFrame frame = connection.Next();
    if (frame.kind == FrameKind::kHalfClose) ids.push_back(frame.call_id);
  }
  connection.Message(ids[1], "m");
  for (const std::uint64_t id : ids) connection.Reply(id, "");
  ExpectJournal(connection);
}

// --- Flow control. ---

TEST_F(StreamCallbackTest, ASlowServerHoldsTheWritesBackAndHoldsUpNobody) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(upload, connection);
  ExpectJournal(connection, "written OK");  // The next frame was that of another call.
  GiveCredit(connection, id);
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "waits");
  ExpectJournal(connection, "written OK", "written OK");
}

TEST_F(StreamCallbackTest, AtItsDeadlineAStreamSaysThatItsRequestsWereNotTaken) {
  const RawWriter upload = Upload({.timeout = std::chrono::seconds(2)});
  ScriptedConnection connection = AcceptWithLittleCredit();
  WriteTwo(upload, connection);
  EXPECT_THAT(journal_.Lines(3).back(),
              AllOf(StartsWith("end DEADLINE_EXCEEDED"),
                    HasSubstr("while waiting for room (stream_credit_bytes) for the next request "
                              "of t.T/Up")));
}

// It has credit, but the server reads nothing, and the pipe is full.
TEST_F(StreamCallbackTest, AtItsDeadlineAStreamWhosePipeIsFullSaysWhatItWasSending) {
  const RawWriter upload = Upload({.timeout = std::chrono::seconds(2)});
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.initial_credit = 64 * 1024 * 1024;
  ScriptedConnection connection = server_.Accept();
  connection.SendHello(hello);
  connection.Expect(FrameKind::kRequest);
  Write(upload, std::string(4'000'000, 'a'));
  EXPECT_THAT(journal_.Lines(1), ElementsAre("written OK"));
  Write(upload, "waits");
  EXPECT_THAT(journal_.Lines(3).back(),
              AllOf(StartsWith("end DEADLINE_EXCEEDED"),
                    HasSubstr("while waiting to send the next request of t.T/Up")));
}

TEST_F(StreamCallbackTest, AtItsDeadlineAStreamWhoseLastRequestWasNotTakenSaysSo) {
  const RawWriter upload = Upload({.timeout = std::chrono::seconds(2)});
  ScriptedConnection connection = AcceptWithLittleCredit();
  WriteTwo(upload, connection);
  upload.WritesDone();
  EXPECT_THAT(journal_.Lines(3).back(), HasSubstr("while waiting for room"));
}

TEST_F(StreamCallbackTest, AtItsDeadlineAStreamThatHasUsedItsCreditAndOnlyReadsWaitedForTheReply) {
  const RawWriter talk = Talk({.timeout = std::chrono::seconds(2)});
  ScriptedConnection connection = AcceptWithLittleCredit();
  connection.Expect(FrameKind::kRequest);
  Write(talk, std::string(kCredit + 1, 'a'));
  EXPECT_THAT(journal_.Lines(2).back(),
              AllOf(StartsWith("end DEADLINE_EXCEEDED"),
                    HasSubstr("while waiting for the reply to t.T/Both")));
}

TEST_F(StreamCallbackTest, AMessageBeforeTheCallbackOfTheLastIsRefusedAndTheCallGoesOn) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(upload, connection);
  Write(upload, "too early");
  EXPECT_EQ(
      journal_.Lines(2).back(),
      "written FAILED_PRECONDITION: the message written before is still on its way; wait for its "
      "callback before the next one");
  GiveCredit(connection, id);
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "waits");
  EXPECT_EQ(journal_.Lines(3).back(), "written OK");
  Write(upload, "in time");
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "in time");
}

TEST_F(StreamCallbackTest, TheEndOfTheRequestsIsSentOnceAndAfterAMessageThatWaits) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(upload, connection);
  upload.WritesDone();
  upload.WritesDone();
  ExpectJournal(connection, "written OK");
  GiveCredit(connection, id);
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "waits");
  connection.Expect(FrameKind::kHalfClose);
  upload.WritesDone();
  connection.Reply(id, "r");
  ExpectJournal(connection, "written OK", "written OK", "end r");
}

TEST_F(StreamCallbackTest, AMessageAfterTheEndOfTheRequestsIsRefusedAndTheCallGoesOn) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  upload.WritesDone();
  connection.Expect(FrameKind::kHalfClose);
  Write(upload, "late");
  EXPECT_THAT(
      journal_.Lines(1),
      ElementsAre("written FAILED_PRECONDITION: WritesDone() was called before this message"));
  connection.Reply(id, "r");
  ExpectJournal(connection, HasSubstr("WritesDone()"), "end r");
}

// The reply is read by a thread that is blocked in another call, while the loop is busy.
TEST_F(StreamCallbackTest, AMessageIsToldOfBeforeTheReplyToIt) {
  auto reader = CallAside("reads for all");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t aside = connection.Expect(FrameKind::kRequest).call_id;
  std::promise<void> may_go_on;
  std::promise<void> busy;
  // The second message may be told of when these are gone: then it looks at none of them.
  const RawWriter talk = Talk({}, [&, first = true](const RawWriter&) mutable {
    if (!std::exchange(first, false)) return;
    busy.set_value();
    may_go_on.get_future().wait();
  });
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(id, "a");
  busy.get_future().wait();
  Write(talk, "question");
  connection.Expect(FrameKind::kMessage);
  connection.Message(id, "answer");
  connection.Reply(aside, "r");
  EXPECT_TRUE(ClientTest::Get(reader).ok());
  may_go_on.set_value();
  ExpectLines("message a", "written OK", "message answer");
}

// --- Each way to end. ---

TEST_F(StreamCallbackTest, AServerThatEndsTheCallEarlyEndsTheWrites) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(upload, connection);
  connection.Refuse(id, absl::AbortedError("enough"));
  ExpectJournal(connection, "written OK", "written ABORTED: enough", "end ABORTED: enough");
  Write(upload, "late");
  EXPECT_EQ(journal_.Lines(4).back(), "written ABORTED: enough");
}

TEST_F(StreamCallbackTest, AServerThatEndsTheCallEarlyWithOkTakesNoMoreMessages) {
  const RawWriter talk = Talk();
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(talk, connection);
  connection.Message(id, "that will do");
  connection.Reply(id, "");
  const std::vector<std::string> lines = journal_.Lines(4);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines, Contains(StartsWith("written FAILED_PRECONDITION: the server ended")));
  EXPECT_THAT(lines, Contains("message that will do"));
  EXPECT_EQ(lines.back(), "end OK");
  Write(talk, "late");
  EXPECT_THAT(journal_.Lines(5).back(), HasSubstr("the server ended the call, with OK"));
}

TEST_F(StreamCallbackTest, ACancelEndsTheWritesAndTheCall) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(upload, connection);
  upload.Cancel();
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  ExpectJournal(connection, "written OK", StartsWith("written CANCELLED"),
                StartsWith("end CANCELLED"));
}

TEST_F(StreamCallbackTest, AStopEndsTheWritesAndTheCall) {
  std::stop_source stop;
  const RawWriter upload = Upload({.stop = stop.get_token()});
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(upload, connection);
  stop.request_stop();
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  ExpectJournal(connection, "written OK", StartsWith("written CANCELLED"),
                StartsWith("end CANCELLED"));
}

TEST_F(StreamCallbackTest, ADeadlineEndsTheWritesAndTheCall) {
  const RawWriter upload = Upload({.timeout = std::chrono::milliseconds(100)});
  ScriptedConnection connection = AcceptWithLittleCredit();
  Write(upload, std::string(kCredit + 1, 'a'));
  const std::vector<std::string> lines = journal_.Lines(2);  // On a busy machine it is not sent.
  EXPECT_THAT(lines.back(), StartsWith("end DEADLINE_EXCEEDED"));
  Write(upload, "late");
  EXPECT_THAT(journal_.Lines(3).back(), StartsWith("written DEADLINE_EXCEEDED"));
}

TEST_F(StreamCallbackTest, ALostConnectionEndsTheWritesAndTheCall) {
  const RawWriter upload = Upload();
  {
    ScriptedConnection connection = AcceptWithLittleCredit();
    WriteTwo(upload, connection);
  }
  ExpectLines("written OK", StartsWith("written UNAVAILABLE"), StartsWith("end UNAVAILABLE"));
}

TEST_F(StreamCallbackTest, CloseEndsTheWritesAndTheCall) {
  ExpectCancelledBy([this] { channel_->Close(); });
}

TEST_F(StreamCallbackTest, TheEndOfTheChannelEndsTheWritesAndTheCall) {
  ExpectCancelledBy([this] { channel_.reset(); });
}

TEST_F(StreamCallbackTest, OnAClosedChannelAllIsRefused) {
  channel_->Close();
  const RawWriter upload = Upload();
  EXPECT_THAT(journal_.Lines(1), ElementsAre(StartsWith("end FAILED_PRECONDITION")));
  Write(upload, "x");
  EXPECT_THAT(journal_.Lines(2).back(), HasSubstr("the channel is closed"));
}

TEST_F(StreamCallbackTest, AMessageThatTheServerDoesNotTakeEndsTheCall) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  Write(upload, std::string(5 * 1024 * 1024, 'x'));
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  ExpectJournal(connection, AllOf(StartsWith("written RESOURCE_EXHAUSTED"), HasSubstr("4194304")),
                AllOf(StartsWith("end RESOURCE_EXHAUSTED"), HasSubstr("4194304")));
}

// --- Those who write go away. ---

TEST_F(StreamCallbackTest, ACallWithoutAWriterIsCancelled) {
  std::optional<RawWriter> upload = Upload();
  std::optional<RawWriter> copy = upload;
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(*upload, connection);
  upload.reset();
  ExpectJournal(connection, "written OK");
  copy.reset();
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  ExpectJournal(connection, "written OK", StartsWith("written CANCELLED"),
                "end CANCELLED: the last AsyncWriter was destroyed before WritesDone()");
}

TEST_F(StreamCallbackTest, ACallWhoseRequestsAreOverGoesOnWithoutAWriter) {
  std::optional<RawWriter> talk = Talk({}, [&](const RawWriter& writer) { Write(writer, "late"); });
  ScriptedConnection connection = AcceptWithLittleCredit();
  const std::uint64_t id = WriteTwo(*talk, connection);
  talk->WritesDone();
  talk.reset();
  GiveCredit(connection, id);
  EXPECT_EQ(connection.Expect(FrameKind::kMessage).payload, "waits");
  connection.Expect(FrameKind::kHalfClose);
  EXPECT_EQ(journal_.Lines(2).back(), "written OK");
  connection.Message(id, "m");
  EXPECT_THAT(journal_.Lines(4).back(), HasSubstr("WritesDone()"));
  connection.Reply(id, "");
  ExpectJournal(connection, "written OK", "written OK", "message m", HasSubstr("WritesDone()"),
                "end OK");
}

// That it is over was read by a thread that is blocked in another call, while the loop is busy.
TEST_F(StreamCallbackTest, ACallThatIsOverLosesNothingWithItsWriter) {
  auto reader = CallAside("reads for all");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t aside = connection.Expect(FrameKind::kRequest).call_id;
  std::promise<void> may_go_on;
  std::optional<RawWriter> talk = Talk({}, [&, first = true](const RawWriter&) mutable {
    if (std::exchange(first, false)) may_go_on.get_future().wait();
  });
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(id, "a");
  ExpectLines("message a");
  connection.Message(id, "b");
  connection.Reply(id, "");
  connection.Reply(aside, "r");
  EXPECT_TRUE(ClientTest::Get(reader).ok());
  talk.reset();
  may_go_on.set_value();
  ExpectLines("message a", "message b", "end OK");
}

TEST_F(StreamCallbackTest, TheLastWriterMayGoAwayInItsOwnCallback) {
  std::optional<RawWriter> upload = Upload();
  upload->Write(RawMessage{"a"}, [this, writer = *upload](const absl::Status& status) {
    journal_.Add("written " + Text(status));
  });
  upload.reset();
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Expect(FrameKind::kMessage);
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  ExpectJournal(connection, "written OK", StartsWith("end CANCELLED"));
}

// What it writes then is refused, and it is told of that before the end.
TEST_F(StreamCallbackTest, AMessageThatTheCallbackOfTheLastWritesIsToldOfBeforeTheEnd) {
  const RawWriter talk = Talk({}, [this](const RawWriter& writer) {
    writer.Write(RawMessage("first"), [this, writer](const absl::Status& status) {
      journal_.Add("written " + Text(status));
      writer.Write(RawMessage("second"), TellWritten());
    });
    writer.Cancel();
  });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Send({.kind = FrameKind::kMessage, .call_id = id}, "hello");
  EXPECT_THAT(journal_.Lines(4),
              ElementsAre("message hello", "written OK", StartsWith("written CANCELLED"),
                          StartsWith("end CANCELLED")));
}

// In the callback of a message: nothing of the call follows but its end.
TEST_F(StreamCallbackTest, WhateverEndsTheCallInItsOwnCallbackEndsItOnce) {
  std::stop_source stop;
  std::optional<RawWriter> talk;
  const std::pair<const char*, std::function<void()>> ends[] = {
      {"Cancel()", [&] { talk->Cancel(); }},
      {"the last writer goes", [&] { talk.reset(); }},
      {"Close()", [&] { channel_->Close(); }},
      {"the channel goes", [&] { channel_.reset(); }},
      {"stop", [&] { stop.request_stop(); }}};
  for (const auto& [name, end] : ends) {
    SCOPED_TRACE(name);
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
    testing::Journal journal;
    talk = client().BidirectionalAsync(
        "t.T/Both", {.stop = stop.get_token()},
        [&, does = end](const RawWriter&, const RawMessage& message) {
          journal.Add("message " + message.bytes);
          does();
        },
        [&](const absl::Status& status) { journal.Add("end " + Text(status)); });
    ScriptedConnection connection = server_.AcceptAndGreet();
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    connection.SendRaw(
        ScriptedConnection::Encode({.kind = FrameKind::kMessage, .call_id = id}, "a") +
        ScriptedConnection::Encode({.kind = FrameKind::kMessage, .call_id = id}, "b"));
    EXPECT_THAT(journal.Lines(2), ElementsAre("message a", StartsWith("end CANCELLED")));
    talk.reset();
    channel_.reset();
  }
}

TEST_F(StreamCallbackTest, TheChannelMayGoAwayInTheCallbackOfAWrite) {
  const RawWriter upload = Upload();
  ScriptedConnection connection = server_.AcceptAndGreet();
  upload.Write(RawMessage{"a"}, [&](const absl::Status& status) {
    journal_.Add("written " + Text(status));
    channel_.reset();
  });
  ExpectLines("written OK", StartsWith("end CANCELLED"));
}

// --- Callbacks that throw. ---

TEST_F(StreamCallbackTest, WhatTheCallbackOfAWrittenMessageThrowsEndsTheCall) {
  LogThrown();
  const RawWriter upload = Upload();
  upload.Write(RawMessage{"a"}, [](const absl::Status&) { throw std::runtime_error("so"); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Expect(FrameKind::kMessage);
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  ExpectJournal(connection, AllOf(StartsWith("end INTERNAL"),
                                  HasSubstr("the callback of a message that was written"),
                                  HasSubstr(" threw an exception; the channel's log says what "
                                            "(ChannelOptions::log)")));
  EXPECT_THAT(logged_.Lines(1), ElementsAre("so"));
}

TEST_F(StreamCallbackTest, ACallbackWithoutMemoryEndsTheCallWithThat) {
  const RawWriter upload = Upload();
  upload.Write(RawMessage{"a"}, [](const absl::Status&) { throw std::bad_alloc(); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  ExpectLines(StartsWith("end RESOURCE_EXHAUSTED"));
}

TEST_F(StreamCallbackTest, WhatTheCallbackOfARefusedMessageThrowsIsLoggedAlone) {
  LogThrown();
  const RawWriter upload = Upload();
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  upload.WritesDone();
  connection.Expect(FrameKind::kHalfClose);
  upload.Write(RawMessage{"late"}, [](const absl::Status&) { throw std::runtime_error("so"); });
  EXPECT_THAT(logged_.Lines(1), ElementsAre("so"));
  connection.Reply(id, "r");
  ExpectJournal(connection, "end r");
}

TEST_F(StreamCallbackTest, WhatTheCallbackOfAMessageThrowsEndsTheCall) {
  LogThrown();
  const RawWriter talk = Talk({}, [](const RawWriter&) { throw std::runtime_error("so"); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  connection.Message(id, "m");
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, id);
  ExpectJournal(connection, "message m",
                AllOf(StartsWith("end INTERNAL: the callback that takes the messages"),
                      HasSubstr(" threw an exception; the channel's log says what")));
  EXPECT_THAT(logged_.Lines(1), ElementsAre("so"));
}

TEST_F(StreamCallbackTest, WhatTheCallbackOfTheEndThrowsIsLogged) {
  LogThrown();
  const RawWriter upload = client().ClientStreamingAsync(
      "t.T/Up", {}, [](const RawReply&) { throw std::runtime_error("at the end"); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_THAT(logged_.Lines(1), ElementsAre("at the end"));
  ExpectJournal(connection);
}

}  // namespace
}  // namespace piperpc
