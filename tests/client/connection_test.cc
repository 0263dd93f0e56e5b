// What becomes of calls when connections come and go.
#include "client/client_fixture.h"

namespace piperpc {
namespace {

using wire::FrameKind;

using ConnectionTest = ClientTest;

TEST_F(ConnectionTest, CallsInFlightEndWhenTheConnectionIsLost) {
  auto call = CallAside("x");
  {
    ScriptedConnection connection = server_.AcceptAndGreet();
    connection.Expect(FrameKind::kRequest);
  }
  ExpectStatus(Get(call).status(), absl::StatusCode::kUnavailable, "scripted was lost");
  EXPECT_EQ(counting_.connects, 1);
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

TEST_F(ConnectionTest, AGoawayWithAStatusTellsWhy) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  connection.Goaway(absl::ResourceExhaustedError("too many cancels"), 1);
  ExpectStatus(Get(call).status(), absl::StatusCode::kResourceExhausted, "too many cancels");
}

TEST_F(ConnectionTest, AViolationThatTheServerSawIsInternal) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.Accept();
  connection.Expect(FrameKind::kHello);
  connection.Goaway(absl::InvalidArgumentError("a bad frame"), 0);
  ExpectStatus(Get(call).status(), absl::StatusCode::kInternal, "a bad frame");
}

TEST_F(ConnectionTest, NoVersionInCommonIsAFailedPrecondition) {
  auto ready = std::async(std::launch::async, [&] { return channel_->WaitUntilReady(kPatience); });
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.min_version = hello.max_version = 99;
  ScriptedConnection connection = server_.Accept();
  connection.SendHello(hello);
  ExpectStatus(ready.get(), absl::StatusCode::kFailedPrecondition, "99");
}

TEST_F(ConnectionTest, DamageIsNamedAndEndsTheConnection) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  connection.SendRaw(std::string("\xff\xff\xff\xff", 4));
  ExpectStatus(Get(call).status(), absl::StatusCode::kInternal, "header length");
  EXPECT_TRUE(connection.ReceivesEnd());
}

TEST_F(ConnectionTest, AFrameThatOnlyClientsSendIsAViolation) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  connection.Send({.kind = FrameKind::kCancel, .call_id = request.call_id});
  ExpectStatus(Get(call).status(), absl::StatusCode::kInternal, "kind 6");
}

TEST_F(ConnectionTest, AReplyToACallThatWasNeverBegunIsAViolation) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  connection.Reply(99, "r");
  ExpectStatus(Get(call).status(), absl::StatusCode::kInternal, "never begun");
}

TEST_F(ConnectionTest, UnknownKindsAreIgnoredOnlyWhenOptional) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Expect(FrameKind::kRequest);
  connection.Send({.kind = static_cast<FrameKind>(77), .flags = wire::kOptional});
  connection.Send({.kind = static_cast<FrameKind>(78)});
  ExpectStatus(Get(call).status(), absl::StatusCode::kInternal, "kind 78");
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
  EXPECT_EQ(Get(blocking).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Get(async).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(stream->status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(connection.ReceivesEnd());
  EXPECT_EQ(Call("later").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Get(CallAsync("later")).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ConnectionTest, ABadEndpointIsTheStatusOfEveryCall) {
  channel_ = Connect("not a name", options_);
  EXPECT_EQ(Call("x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Get(CallAsync("x")).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ConnectionTest, ABadOptionIsTheStatusOfEveryCall) {
  options_.max_packet_bytes = 1;
  channel_ = Connect(ScriptedServer::kEndpoint, options_);
  ExpectStatus(Call("x").status(), absl::StatusCode::kInvalidArgument, "max_packet_bytes");
}

}  // namespace
}  // namespace piperpc
