// What becomes of calls when connections come and go.
#include <atomic>
#include <optional>
#include <thread>

#include "client/client_fixture.h"
#include "src/client/io_thread.h"
#include "support/eventually.h"
#include "support/journal.h"

namespace piperpc {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::HasSubstr;
using ::testing::Not;
using wire::FrameKind;

class ConnectionTest : public ClientTest {
 protected:
  // What two calls send to a server that has not said Hello yet.
  ScriptedConnection AcceptTwoRequests() {
    ScriptedConnection connection = server_.Accept();
    for (const FrameKind kind : {FrameKind::kHello, FrameKind::kRequest, FrameKind::kRequest}) {
      connection.Expect(kind);
    }
    return connection;
  }

  // A call that has no reply yet, and whose thread reads.
  struct SlowCall {
    std::future<Text> call;
    ScriptedConnection connection;
    std::uint64_t id;
  };
  SlowCall BeginSlowCall() {
    std::future<Text> call = CallAside("slow");
    ScriptedConnection connection = server_.AcceptAndGreet();
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    EXPECT_TRUE(Eventually([this] { return counting_.receives >= 2; }));
    return {std::move(call), std::move(connection), id};
  }
};

TEST_F(ConnectionTest, CallsInFlightEndWhenTheConnectionIsLost) {
  auto call = CallAside("x");
  {
    ScriptedConnection connection = server_.AcceptAndGreet();
    connection.Expect(FrameKind::kRequest);
  }
  ExpectStatus(Get(call).status(), absl::StatusCode::kUnavailable, "scripted was lost");
  EXPECT_EQ(counting_.connects, 1);
}

TEST_F(ConnectionTest, AServerThatClosesBeforeItsHelloMayHaveTooManyConnections) {
  auto call = CallAside("x");
  {
    ScriptedConnection connection = server_.Accept();
    connection.Expect(FrameKind::kHello);
    connection.Expect(FrameKind::kRequest);  // Else it would be sent on another connection.
  }
  ExpectStatus(Get(call).status(), absl::StatusCode::kUnavailable,
               "may have too many connections, or may not be a PipeRPC server");
}

TEST_F(ConnectionTest, AStaleConnectionIsReplacedWithoutAnError) {
  {
    auto call = CallAside("1");
    ScriptedConnection connection = server_.AcceptAndGreet();
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r1");
    EXPECT_EQ(*Get(call), "r1");
  }
  auto call = CallAside("2");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_EQ(request.payload, "2");
  connection.Reply(request.call_id, "r2");
  EXPECT_EQ(*Get(call), "r2");
  EXPECT_EQ(channel_->connections_made(), 2u);
}

TEST_F(ConnectionTest, CallsThatAGoawayDidNotLookAtAreMadeAgain) {
  auto first = CallAside("first");
  ScriptedConnection old = server_.AcceptAndGreet();
  const OwnedFrame one = old.Expect(FrameKind::kRequest);
  auto second = CallAside("second");
  auto third = CallAsync("third");
  old.Expect(FrameKind::kRequest);
  old.Expect(FrameKind::kRequest);
  old.Goaway(absl::OkStatus(), one.call_id);
  ScriptedConnection fresh = server_.AcceptAndGreet();
  for (int i = 0; i < 2; ++i) {
    const OwnedFrame again = fresh.Expect(FrameKind::kRequest);
    fresh.Reply(again.call_id, "r-" + again.payload);
  }
  EXPECT_EQ(*Get(second), "r-second");
  EXPECT_EQ(*Get(third), "r-third");
  old.Reply(one.call_id, "r-first");
  EXPECT_EQ(*Get(first), "r-first");
  EXPECT_TRUE(old.ReceivesEnd());
}

// Of a connection on which the next send fails, because the server has gone.
TEST_F(ConnectionTest, AReplyThatIsStillInThePipeIsReadWhenASendFails) {
  SlowCall slow = BeginSlowCall();
  std::optional<ScriptedConnection> old(std::move(slow.connection));
  counting_.on_send = [&] {
    if (!old.has_value()) return;
    old->Reply(slow.id, "r-slow");
    old.reset();
  };
  auto next = CallAside("next");
  EXPECT_EQ(*Get(slow.call), "r-slow");
  ScriptedConnection fresh = server_.AcceptAndGreet();
  fresh.Reply(fresh.Expect(FrameKind::kRequest).call_id, "r-next");
  EXPECT_EQ(*Get(next), "r-next");
}

TEST_F(ConnectionTest, AGoawayThatIsStillInThePipeIsReadWhenASendFails) {
  auto first = CallAsync("first");
  std::optional<ScriptedConnection> old(server_.AcceptAndGreet());
  const OwnedFrame one = old->Expect(FrameKind::kRequest);
  ASSERT_TRUE(channel_->WaitUntilReady(kPatience).ok());
  counting_.on_send = [&] {
    if (!old.has_value()) return;
    old->Goaway(absl::OkStatus(), one.call_id - 1);
    old.reset();
  };
  auto second = CallAside("second");
  ScriptedConnection fresh = server_.AcceptAndGreet();
  for (int i = 0; i < 2; ++i) {
    const OwnedFrame again = fresh.Expect(FrameKind::kRequest);
    fresh.Reply(again.call_id, "r-" + again.payload);
  }
  EXPECT_EQ(*Get(first), "r-first");
  EXPECT_EQ(*Get(second), "r-second");
}

TEST_F(ConnectionTest, OnlyAResponseAheadOfAGoawayWithAStatusIsTaken) {
  for (const bool in_one_packet : {true, false}) {
    auto ahead = CallAsync("ahead");
    auto behind = CallAsync("behind");
    ScriptedConnection connection = server_.AcceptAndGreet();
    std::uint64_t ids[2];
    for (std::uint64_t& id : ids) id = connection.Expect(FrameKind::kRequest).call_id;
    const std::string frames[] = {
        ScriptedConnection::Encode({.kind = FrameKind::kResponse, .call_id = ids[0]}, "r"),
        ScriptedConnection::Encode(
            {.kind = FrameKind::kGoaway},
            wire::EncodeGoaway({absl::ResourceExhaustedError("too much"), ids[1]})),
        ScriptedConnection::Encode({.kind = FrameKind::kResponse, .call_id = ids[1]}, "late")};
    if (in_one_packet) {
      connection.SendRaw(frames[0] + frames[1] + frames[2]);
    } else {
      connection.SendRaw(frames[0]);
      connection.SendRaw(frames[1]);
      connection.TrySendRaw(frames[2]);  // The client has perhaps gone.
    }
    EXPECT_EQ(*Get(ahead), "r");
    ExpectStatus(Get(behind).status(), absl::StatusCode::kResourceExhausted, "too much");
    EXPECT_TRUE(connection.ReceivesEnd());
  }
}

TEST_F(ConnectionTest, NoVersionInCommonIsAFailedPrecondition) {
  auto ready = std::async(std::launch::async, [&] { return channel_->WaitUntilReady(kPatience); });
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.min_version = hello.max_version = 99;
  ScriptedConnection connection = server_.Accept();
  connection.SendHello(hello);
  const absl::Status status = ready.get();
  ExpectStatus(status, absl::StatusCode::kFailedPrecondition,
               "cannot talk to the server at scripted: no version in common: the peer speaks 99");
}

// Whatever it says first, that is not what a server of PipeRPC says first.
TEST_F(ConnectionTest, SomethingElseBehindAnEndpointIsToldFromAServer) {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> packets[] = {
      {"HTTP/1.1 400 Bad Request\r\n\r\n"s, "header length"},
      {"SSH-2.0-OpenSSH_9.2\r\n"s, "header length"},
      {"x"s, "1 bytes of 4"},
      {std::string(20, '\0'), "must be a Hello"}};
  for (const auto& [packet, why] : packets) {
    auto call = CallAside("x");
    ScriptedConnection connection = server_.Accept();
    connection.SendRaw(packet);
    const absl::Status status = Get(call).status();
    ExpectStatus(status, absl::StatusCode::kFailedPrecondition,
                 "scripted is not a PipeRPC server (");
    EXPECT_THAT(std::string(status.message()), HasSubstr(why)) << packet;
    EXPECT_THAT(std::string(status.message()), HasSubstr("what it sent is not a PipeRPC Hello: "));
    EXPECT_TRUE(connection.ReceivesEnd());
  }
}

TEST_F(ConnectionTest, AnotherClientBehindAnEndpointIsToldFromAServer) {
  auto call = CallAside("x");
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.max_calls = 0;
  ScriptedConnection connection = server_.Accept();
  connection.SendHello(hello);
  ExpectStatus(Get(call).status(), absl::StatusCode::kFailedPrecondition,
               "its Hello is one of a client: it allows no calls");
}

TEST_F(ConnectionTest, WhatSendsMoreThanAPacketIsNoServer) {
  counting_.received = absl::OutOfRangeError("a packet of 300000 bytes");
  auto call = CallAside("x");
  ScriptedConnection connection = server_.Accept();
  const absl::Status status = Get(call).status();
  ExpectStatus(status, absl::StatusCode::kFailedPrecondition, "scripted is not a PipeRPC server (");
  ExpectStatus(status, absl::StatusCode::kFailedPrecondition, "300000");
}

TEST_F(ConnectionTest, ACallThatDoesNotWaitIsNotHeldUpByThoseThatDo) {
  server_.Stop();
  auto blocked = CallAside("b", {.timeout = kPatience, .wait_for_ready = kPatience});
  auto queued = CallAsync("q", {.timeout = kPatience, .wait_for_ready = kPatience});
  ASSERT_TRUE(Eventually([this] { return counting_.connects >= 2; }));
  EXPECT_EQ(Call("x").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Get(CallAsync("y")).status().code(), absl::StatusCode::kUnavailable);
  server_.Start();
  ScriptedConnection connection = server_.AcceptAndGreet();
  for (int i = 0; i < 2; ++i) {
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  }
  EXPECT_EQ(*Get(blocked), "r");
  EXPECT_EQ(*Get(queued), "r");
}

TEST_F(ConnectionTest, AStopEndsACallThatWaitsForAServer) {
  server_.Stop();
  std::stop_source stop;
  const auto hour = std::chrono::hours(1);
  const CallOptions options{.timeout = hour, .wait_for_ready = hour, .stop = stop.get_token()};
  auto blocking = CallAside("x", options);
  auto async = CallAsync("y", options);
  ASSERT_TRUE(Eventually([this] { return counting_.connects >= 2; }));
  stop.request_stop();
  EXPECT_EQ(Get(blocking).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Get(async).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(ConnectionTest, AStopEndsACallThatStandsInAFullConnectionQueue) {
  const CallOptions hour{.timeout = std::chrono::hours(1)};
  for (const bool blocking : {true, false}) {
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
    std::stop_source stop;
    CallOptions options = hour;
    options.stop = stop.get_token();
    counting_.connects = 0;
    counting_.refusal = absl::DeadlineExceededError("");  // A slice of the attempt is over.
    auto call = blocking ? CallAside("x", options) : CallAsync("x", options);
    ASSERT_TRUE(Eventually([this] { return counting_.connects >= 3; }));
    stop.request_stop();
    EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kCancelled);
  }
}

// The time is that of several slices of the attempt, whichever of them it is over in.
TEST_F(ConnectionTest, ACallWhoseTimeIsOverInAFullConnectionQueueSaysSo) {
  counting_.queue_is_full = true;
  const CallOptions second{.timeout = std::chrono::seconds(1)};
  auto blocking = CallAside("x", second);
  auto async = CallAsync("y", second);
  for (const absl::Status& status : {Get(blocking).status(), Get(async).status()}) {
    ExpectStatus(status, absl::StatusCode::kDeadlineExceeded,
                 "waiting in the full connection queue of the server at scripted");
  }
}

TEST_F(ConnectionTest, ACallWhoseTimeIsOverBeforeAServerComesSaysSo) {
  server_.Stop();
  const auto time = std::chrono::milliseconds(30);
  ExpectStatus(Call("x", {.timeout = time, .wait_for_ready = time}).status(),
               absl::StatusCode::kDeadlineExceeded, "waiting for a server");
  ExpectStatus(channel_->WaitUntilReady(time), absl::StatusCode::kDeadlineExceeded,
               "waiting for a server");
}

TEST_F(ConnectionTest, ACallThatWaitedForAServerTellsHowLong) {
  server_.Stop();
  ExpectStatus(
      Call("x", {.timeout = kPatience, .wait_for_ready = std::chrono::milliseconds(30)}).status(),
      absl::StatusCode::kUnavailable, "ms of waiting for it (wait_for_ready)");
  EXPECT_THAT(std::string(Call("x").status().message()), Not(HasSubstr("wait")));
}

TEST_F(ConnectionTest, ASystemThatHasNoMoreDescriptorsEndsTheCallAtOnce) {
  counting_.refusal = absl::ResourceExhaustedError("socket: Too many open files");
  ExpectStatus(Call("x", {.timeout = kPatience, .wait_for_ready = kPatience}).status(),
               absl::StatusCode::kResourceExhausted, "Too many open files");
  EXPECT_EQ(counting_.connects, 1);
}

TEST_F(ConnectionTest, AStreamWithoutADeadlineIsNotOpenedForEver) {
  options_.default_timeout = std::chrono::milliseconds(500);
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  auto silent = channel_->OpenStream(kBothMethod, nullptr, {});
  ScriptedConnection connection = server_.Accept();
  ExpectStatus(silent->status(), absl::StatusCode::kDeadlineExceeded, "(is it a PipeRPC server?)");

  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.max_calls = 16;
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  auto first = channel_->OpenStream(kBothMethod, nullptr, {});
  ScriptedConnection other = server_.Accept();
  other.SendHello(hello);
  other.Expect(FrameKind::kRequest);
  std::vector<std::shared_ptr<internal::ClientStream>> others;
  for (int i = 0; i < 15; ++i) others.push_back(channel_->OpenStream(kBothMethod, nullptr, {}));
  auto second = channel_->OpenStream(kBothMethod, nullptr, {});
  ExpectStatus(second->status(), absl::StatusCode::kDeadlineExceeded,
               "16 call slots (max_calls_per_connection)");
  other.Message(1, "still here");
  std::span<const char> bytes;
  EXPECT_EQ(first->Read(bytes), internal::ClientStream::Step::kDone);
}

TEST_F(ConnectionTest, ALargeRequestMakesTheServerWakeTheThreadThatReads) {
  SlowCall slow = BeginSlowCall();
  ScriptedConnection& connection = slow.connection;
  auto large = CallAside(std::string(4 * 1024 * 1024, 'x'));
  OwnedFrame frame = connection.Expect(FrameKind::kPing);
  connection.Send({.kind = FrameKind::kPong}, frame.payload);
  do {
    frame = connection.Expect(FrameKind::kRequest);
  } while (frame.more);
  connection.Reply(frame.call_id, "r");
  EXPECT_EQ(*Get(large), "r");
  connection.Reply(slow.id, "r");
  EXPECT_EQ(*Get(slow.call), "r");
}

TEST_F(ConnectionTest, ManySmallMessagesMakeTheServerWakeTheThreadThatReads) {
  SlowCall slow = BeginSlowCall();
  ScriptedConnection& connection = slow.connection;
  auto stream = channel_->OpenStream(kBothMethod, nullptr, {});
  connection.Expect(FrameKind::kRequest);
  const RawMessage message{"m"};
  for (int i = 0; i < 100; ++i) stream->Write(internal::OutMessage::Of(message));
  OwnedFrame frame = connection.Expect(FrameKind::kMessage);
  while (frame.kind == FrameKind::kMessage) frame = connection.Next();
  EXPECT_EQ(frame.kind, FrameKind::kPing);
  connection.Reply(slow.id, "r");
  EXPECT_EQ(*Get(slow.call), "r");
}

std::string Pings(int count, std::size_t payload) {
  const wire::FrameHeader ping{.kind = FrameKind::kPing};
  std::string packet;
  for (int i = 0; i < count; ++i) {
    const std::size_t begin = packet.size();
    packet.resize(begin + wire::FrameSize(ping, payload), 'p');
    wire::EncodeFramePrefix(ping, payload, packet.data() + begin);
  }
  return packet;
}

TEST_F(ConnectionTest, AServerThatPingsAndDoesNotReadIsLeft) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  const std::string packet = Pings(1000, wire::kMaxPingBytes);
  int packets = 0;
  while (connection.TrySendRaw(packet)) ASSERT_LT(++packets, 1000);
  const absl::Status status = Get(call).status();
  ExpectStatus(status, absl::StatusCode::kInternal,
               "the server at scripted broke the protocol: it has left ");
  ExpectStatus(status, absl::StatusCode::kInternal, " replies to its pings unread");
}

TEST_F(ConnectionTest, ManyPingsInOnePacketAreAnswered) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  connection.SendRaw(Pings(3000, 0));
  for (int i = 0; i < 3000; ++i) connection.Expect(FrameKind::kPong);
  connection.Reply(request.call_id, "r");
  EXPECT_EQ(*Get(call), "r");
}

// The pipe takes some packets of those before it, which the server does not read.
TEST_F(ConnectionTest, AServerMayNotAnswerACallWhoseRequestStillWaits) {
  constexpr std::uint64_t kCalls = 100;
  auto first = CallAsync("s");
  ScriptedConnection connection = server_.Accept();
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.max_calls = kCalls;
  connection.SendHello(hello);
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  ASSERT_TRUE(Get(first).ok());
  std::vector<std::future<Text>> calls;
  for (std::uint64_t i = 0; i < kCalls; ++i) calls.push_back(CallAsync(std::string(200'000, 'x')));
  connection.Reply(1 + kCalls, "r");
  ExpectStatus(Get(calls.back()).status(), absl::StatusCode::kInternal,
               "call 101, which was never begun");
}

// While a large request is on its way there is always something that waits to be sent. The reply to
// a small call behind the pings shows that they have been seen before more of it is read.
TEST_F(ConnectionTest, PongsThatWereReadAreNotHeldAgainstTheServer) {
  std::vector<std::future<Text>> small;
  for (int i = 0; i < 3; ++i) small.push_back(CallAsync("s"));
  ScriptedConnection connection = server_.Accept();
  const std::string request(32 * 1024 * 1024, 'l');
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.max_message_bytes = 2 * request.size();
  connection.SendHello(hello);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(connection.Expect(FrameKind::kRequest).call_id);
  auto large = CallAside(request);
  OwnedFrame frame = connection.Expect(FrameKind::kRequest);
  for (int round = 0; round < 3; ++round) {
    connection.SendRaw(Pings(600, 0));
    connection.Reply(ids[round], "r");
    const Text reply = Get(small[round]);
    ASSERT_TRUE(reply.ok()) << reply.status();
    for (int pongs = 0; pongs < 600;) {
      frame = connection.Next();
      ASSERT_FALSE(HasFailure());
      if (frame.kind == FrameKind::kPong) ++pongs;
    }
  }
  while (frame.kind != FrameKind::kRequest || frame.more) {
    frame = connection.Next();
    ASSERT_FALSE(HasFailure());
  }
  connection.Reply(frame.call_id, "r");
  EXPECT_EQ(*Get(large), "r");
}

TEST_F(ConnectionTest, CallsAboveTheLastOfAGoawayWithAStatusAreMadeAgain) {
  auto first = CallAside("first");
  ScriptedConnection old = server_.AcceptAndGreet();
  const OwnedFrame one = old.Expect(FrameKind::kRequest);
  auto second = CallAside("second");
  old.Expect(FrameKind::kRequest);
  old.Goaway(absl::ResourceExhaustedError("too much"), one.call_id);
  ExpectStatus(Get(first).status(), absl::StatusCode::kResourceExhausted, "too much");
  ScriptedConnection fresh = server_.AcceptAndGreet();
  const OwnedFrame again = fresh.Expect(FrameKind::kRequest);
  EXPECT_EQ(again.payload, "second");
  fresh.Reply(again.call_id, "r");
  EXPECT_EQ(*Get(second), "r");
}

TEST_F(ConnectionTest, CloseEndsCallsThatConnect) {
  for (const bool blocking : {true, false}) {
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
    std::future<void> closing;
    counting_.on_connect = [&] {
      closing = std::async(std::launch::async, [&] { channel_->Close(); });
      // It waits for the connection, or is refused already: it ends when the channel is closed.
      EXPECT_FALSE(Call("meanwhile").ok());
    };
    const Text reply = blocking ? Call("late") : Get(CallAsync("late"));
    ExpectStatus(reply.status(), absl::StatusCode::kCancelled, "closed");
    closing.get();
  }
}

TEST_F(ConnectionTest, CloseEndsCallsOfEveryForm) {
  auto blocking = CallAside("blocking");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  auto async = CallAsync("async");
  auto stream = channel_->OpenStream(kBothMethod, nullptr, {});
  connection.Expect(FrameKind::kRequest);
  connection.Expect(FrameKind::kRequest);
  channel_->Close();
  const absl::Status closed = absl::CancelledError("the channel was closed");
  EXPECT_EQ(Get(blocking).status(), closed);
  EXPECT_EQ(Get(async).status(), closed);
  EXPECT_EQ(stream->status(), closed);
  EXPECT_TRUE(connection.ReceivesEnd());
  EXPECT_EQ(Call("later").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Get(CallAsync("later")).status().code(), absl::StatusCode::kFailedPrecondition);
}

// The hook runs on the thread that reads, which Close() would have to wait for.
TEST_F(ConnectionTest, CloseInALogHookEndsTheCallThatReads) {
  ChannelOptions options;
  options.transport = &counting_;
  std::shared_ptr<Channel> channel;
  options.log = [&channel](const LogRecord& record) {
    if (record.event == "goaway") channel->Close();
  };
  channel = Connect(ScriptedServer::kEndpoint, options);
  std::future<absl::Status> call = std::async(std::launch::async, [&channel] {
    return internal::CallUnary<RawMessage>(*channel, kUnaryMethod, RawMessage{"x"}, {}).status();
  });
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  connection.Goaway(absl::OkStatus(), request.call_id);
  connection.Send({.kind = FrameKind::kPing});  // Ends the wait of the thread that reads.
  if (call.wait_for(kPatience) != std::future_status::ready) {
    ADD_FAILURE() << "the channel waits for itself";
    std::abort();
  }
  const absl::Status status = call.get();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(ConnectionTest, ABlockingCallInALogHookIsRefusedAtOnce) {
  std::promise<absl::Status> unary;
  std::promise<absl::Status> stream;
  std::promise<absl::Status> ready;
  options_.log = [&](const LogRecord& record) {
    if (record.event != "connected") return;
    unary.set_value(Call("from the hook").status());
    const RawMessage request{"go"};
    const internal::OutMessage out = internal::OutMessage::Of(request);
    const auto opened = channel_->OpenStream(kDownMethod, &out, {});
    wire::Bytes bytes;
    opened->Read(bytes);
    stream.set_value(opened->status());
    ready.set_value(channel_->WaitUntilReady(kPatience));
  };
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(call), "r");
  for (auto* const end : {&unary, &stream, &ready}) {
    ExpectStatus(end->get_future().get(), absl::StatusCode::kFailedPrecondition, "log hook");
  }
}

// Whatever its code: the next connection would be refused, too.
TEST_F(ConnectionTest, ARefusalInPlaceOfAHelloIsNotTriedAgain) {
  auto blocking = CallAside("x");
  auto callback = CallAsync("y");
  ScriptedConnection connection = AcceptTwoRequests();
  connection.Goaway(absl::UnavailableError("maintenance"), 0);
  ExpectStatus(Get(blocking).status(), absl::StatusCode::kUnavailable, "maintenance");
  ExpectStatus(Get(callback).status(), absl::StatusCode::kUnavailable, "maintenance");
  EXPECT_EQ(channel_->connections_made(), 1u);
}

// A server that did not see the Hello in time may see that of the next connection.
TEST_F(ConnectionTest, CallsOfAConnectionWhoseHelloCameTooLateAreTriedAgain) {
  auto blocking = CallAside("x");
  auto callback = CallAsync("y");
  ScriptedConnection connection = AcceptTwoRequests();
  connection.Goaway(absl::DeadlineExceededError("no Hello came"), 0);
  ScriptedConnection next = server_.AcceptAndGreet();
  for (int i = 0; i < 2; ++i) {
    const OwnedFrame request = next.Expect(FrameKind::kRequest);
    next.Reply(request.call_id, request.payload);
  }
  EXPECT_EQ(*Get(blocking), "x");
  EXPECT_EQ(*Get(callback), "y");
}

// The deadline that is over is not theirs.
TEST_F(ConnectionTest, CallsThatEndWithTheTimeOfTheirConnectionAreUnavailable) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  connection.Goaway(absl::DeadlineExceededError("replies were not read"), request.call_id);
  ExpectStatus(Get(call).status(), absl::StatusCode::kUnavailable, "replies were not read");
}

TEST_F(ConnectionTest, TextsOfTheServerForgeNoLinesOfTheLog) {
  testing::Journal details;
  options_.log = [&details](const LogRecord& record) {
    if (record.event == "goaway") details.Add(record.fields.back().second);
  };
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  connection.Goaway(absl::InternalError("one\nERROR two"), request.call_id);
  EXPECT_THAT(details.Lines(1), ElementsAre(HasSubstr("one\\nERROR two")));
  EXPECT_FALSE(Get(call).ok());
}

TEST_F(ConnectionTest, AServerThatGoesAwayAgainAndAgainIsLoggedOnce) {
  std::atomic<int> lines = 0;
  options_.log = [&lines](const LogRecord& record) { lines += record.event == "goaway"; };
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  for (int i = 0; i < 10; ++i) connection.Goaway(absl::OkStatus(), request.call_id);
  connection.Reply(request.call_id, "r");
  EXPECT_EQ(*Get(call), "r");
  EXPECT_EQ(lines, 1);
}

TEST_F(ConnectionTest, ABadEndpointIsTheStatusOfEveryCall) {
  channel_ = Connect("not a name", options_);
  EXPECT_EQ(Call("x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Get(CallAsync("x")).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ConnectionTest, WhatIsWrongCanBeToldWithoutAChannel) {
  using std::chrono::milliseconds;
  EXPECT_TRUE(CheckChannel("demo", {}).ok());
  ExpectStatus(CheckChannel("not a name", {}), absl::StatusCode::kInvalidArgument, "not a name");
  ExpectStatus(CheckChannel("demo", {.backend = "telepathy"}), absl::StatusCode::kInvalidArgument,
               "telepathy");
  ChannelOptions mixed;
  mixed.io_thread = *IoThread::Start(counting_, {});
  mixed.transport = &server_.transport();
  ExpectStatus(CheckChannel("demo", mixed), absl::StatusCode::kInvalidArgument,
               "io_thread is of another transport");
  ExpectStatus(CheckChannel("demo", {.default_timeout = milliseconds(-3)}),
               absl::StatusCode::kInvalidArgument, "default_timeout (ms) is -3; it must be 1 or");
}

TEST_F(ConnectionTest, ABadOptionIsTheStatusOfEveryCall) {
  options_.max_packet_bytes = 1;
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  ExpectStatus(Call("x").status(), absl::StatusCode::kInvalidArgument, "max_packet_bytes");
}

}  // namespace
}  // namespace piperpc
