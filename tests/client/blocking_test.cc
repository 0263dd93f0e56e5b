// Calls that block their callers, and share one connection.
#include "absl/strings/str_cat.h"
#include "client/client_fixture.h"
#include "src/wire/metadata.h"

namespace piperpc {
namespace {

using std::chrono::milliseconds;
using wire::FrameKind;

using BlockingTest = ClientTest;

TEST_F(BlockingTest, HelloAndTheFirstRequestTravelInOnePacket) {
  auto call = CallAside("ping", {.timeout = kPatience});
  ScriptedConnection connection = server_.Accept();
  const std::vector<OwnedFrame> packet = connection.ReceivePacket();
  ASSERT_EQ(packet.size(), 2u);
  EXPECT_EQ(packet[0].kind, FrameKind::kHello);
  EXPECT_EQ(packet[1].kind, FrameKind::kRequest);
  EXPECT_EQ(packet[1].method, "t.T/Unary");
  EXPECT_EQ(packet[1].payload, "ping");
  EXPECT_TRUE(packet[1].end);
  EXPECT_GT(packet[1].timeout_us, 0u);
  EXPECT_LE(packet[1].timeout_us, 10'000'000u);
  connection.Send({.kind = FrameKind::kHello}, wire::EncodeHello(ScriptedConnection::UsualHello()));
  connection.Reply(packet[1].call_id, "pong");
  EXPECT_EQ(*Get(call), "pong");
}

TEST_F(BlockingTest, ACallOnAnIdleChannelIsOneSendAndOneReceiveOnOneThread) {
  auto first = CallAside("1");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r1");
  EXPECT_EQ(*Get(first), "r1");
  const int sends = counting_.sends;
  const int receives = counting_.receives;
  auto second = CallAside("2");
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r2");
  EXPECT_EQ(*Get(second), "r2");
  EXPECT_EQ(counting_.sends - sends, 1);
  EXPECT_EQ(counting_.receives - receives, 1);
  EXPECT_EQ(counting_.loops, 0);
  EXPECT_EQ(counting_.connects, 1);
}

TEST_F(BlockingTest, RepliesOfAnySizeComeWhole) {
  auto first = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "");
  EXPECT_EQ(*Get(first), "");
  for (const std::size_t size : {0, 1, 255, 256, 257, 50'000}) {
    const std::string bytes(size, 'r');
    auto call = CallAside("x");
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, bytes);
    EXPECT_EQ(*Get(call), bytes);
  }
}

TEST_F(BlockingTest, CallersSideBySideShareOneConnectionAndNoLoop) {
  std::vector<std::future<Text>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(CallAside(std::to_string(i)));
  ScriptedConnection connection = server_.AcceptAndGreet();
  std::vector<OwnedFrame> requests;
  for (int i = 0; i < 8; ++i) requests.push_back(connection.Expect(FrameKind::kRequest));
  for (auto it = requests.rbegin(); it != requests.rend(); ++it) {
    connection.Reply(it->call_id, "r" + it->payload);
  }
  for (int i = 0; i < 8; ++i) EXPECT_EQ(*Get(calls[i]), "r" + std::to_string(i));
  EXPECT_EQ(counting_.connects, 1);
  EXPECT_EQ(counting_.loops, 0);
}

TEST_F(BlockingTest, WhenTheReaderLeavesAnotherCallerReads) {
  auto first = CallAside("first");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame one = connection.Expect(FrameKind::kRequest);
  auto second = CallAside("second");
  const OwnedFrame two = connection.Expect(FrameKind::kRequest);
  connection.Reply(one.call_id, "r1");
  EXPECT_EQ(*Get(first), "r1");
  connection.Reply(two.call_id, "r2");
  EXPECT_EQ(*Get(second), "r2");
}

TEST_F(BlockingTest, SplitRepliesInterleaved) {
  auto first = CallAside("first");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame one = connection.Expect(FrameKind::kRequest);
  auto second = CallAside("second");
  const OwnedFrame two = connection.Expect(FrameKind::kRequest);
  const auto part = [&](std::uint64_t id, bool more, std::uint64_t size, std::string_view bytes) {
    wire::FrameHeader header{.kind = FrameKind::kResponse, .call_id = id};
    header.flags = more ? wire::kMore : 0;
    header.message_size = size;
    connection.Send(header, bytes);
  };
  part(one.call_id, true, 4, "ab");
  part(two.call_id, true, 6, "uvw");
  part(one.call_id, false, 0, "cd");
  part(two.call_id, false, 0, "xyz");
  EXPECT_EQ(*Get(first), "abcd");
  EXPECT_EQ(*Get(second), "uvwxyz");
}

TEST_F(BlockingTest, AServersStatusComesThrough) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Refuse(connection.Expect(FrameKind::kRequest).call_id,
                    absl::NotFoundError("no such thing"));
  EXPECT_EQ(Get(call).status(), absl::NotFoundError("no such thing"));
}

TEST_F(BlockingTest, AReplyThatDoesNotParseIsInternal) {
  auto call = std::async(std::launch::async, [&] {
    return channel_->CallUnary(
        kUnaryMethod, internal::OutMessage::Of(RawMessage{"x"}), {},
        [](std::span<const char>) { return internal::ParseResult::kMalformed; });
  });
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "garbage");
  ExpectStatus(call.get(), absl::StatusCode::kInternal,
               "cannot parse the server's reply, t.T/Unary");
}

TEST_F(BlockingTest, TrailersOfAnEarlierCallAreNotTakenForThoseOfThisOne) {
  Metadata trailers = {{"old", "x"}};
  auto call = CallAside("x", {.trailers = &trailers});
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_TRUE(Get(call).ok());
  EXPECT_TRUE(trailers.empty());
}

TEST_F(BlockingTest, TrailersWithAKeyThatIsNotAllowedEndTheCallAlone) {
  Metadata trailers;
  CallOptions options;
  options.trailers = &trailers;
  auto call = CallAside("x", options);
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::string key = "\x32\x03\x0a\x01K";  // metadata { key: "K" }
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r", key);
  ExpectStatus(
      call.get().status(), absl::StatusCode::kInternal,
      "cannot parse the trailers of the server's reply: the metadata key \"K\" has the byte "
      "0x4b at offset 0");
  auto next = CallAside("y");
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*next.get(), "r");
}

TEST_F(BlockingTest, TrailersAboveTheClientsLimitEndTheCallAlone) {
  auto large = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::string trailers = *wire::EncodeMetadata({{"k", std::string(9000, 'v')}}, 16'384);
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r", trailers);
  const absl::Status status = large.get().status();
  ExpectStatus(status, absl::StatusCode::kResourceExhausted,
               absl::StrCat("the reply's metadata has ", trailers.size(),
                            " bytes; the limit is 8192 "
                            "(max_metadata_bytes)"));
  auto next = CallAside("y");
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*next.get(), "r");
}

TEST_F(BlockingTest, TrailersAndMetadataTravel) {
  Metadata trailers;
  auto call = CallAside("x", {.metadata = {{"k", "v"}}, .trailers = &trailers});
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_FALSE(request.metadata.empty());
  connection.Reply(request.call_id, "r", request.metadata);
  EXPECT_EQ(*Get(call), "r");
  EXPECT_EQ(trailers, (Metadata{{"k", "v"}}));
}

TEST_F(BlockingTest, TheDeadlineOfAReplyPassesAndTheServerIsToldOnce) {
  auto call = CallAside("x", {.timeout = milliseconds(50)});
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  ExpectStatus(Get(call).status(), absl::StatusCode::kDeadlineExceeded,
               "waiting for the reply to t.T/Unary from the server at scripted, after ");
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, request.call_id);
  auto next = CallAside("y");
  const OwnedFrame second = connection.Expect(FrameKind::kRequest);
  connection.Refuse(request.call_id, absl::CancelledError("late"));
  connection.Reply(second.call_id, "r");
  EXPECT_EQ(*Get(next), "r");
}

// A server whose output is not read does not read either, and would never learn of the cancel.
TEST_F(BlockingTest, WhatStillComesOfAnEndedCallIsRead) {
  auto call = CallAside("x", {.timeout = milliseconds(50)});
  ScriptedConnection connection = server_.AcceptAndGreet();
  const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
  ExpectStatus(Get(call).status(), absl::StatusCode::kDeadlineExceeded, "waiting for the reply");
  ExpectRead(connection, id);
}

TEST_F(BlockingTest, TheDeadlinePassesWhileTheServerSaysNoHello) {
  auto call = CallAside("x", {.timeout = milliseconds(50)});
  const ScriptedConnection connection = server_.Accept();
  const absl::Status status = Get(call).status();
  ExpectStatus(status, absl::StatusCode::kDeadlineExceeded,
               "while waiting for the first answer of the server at scripted");
  ExpectStatus(status, absl::StatusCode::kDeadlineExceeded, "(is it a PipeRPC server?)");
}

TEST_F(BlockingTest, NoServerIsUnavailableAtOnce) {
  server_.Stop();
  EXPECT_EQ(Call("x").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(BlockingTest, ACallThatWaitsForReadyFindsAServerThatComesLater) {
  server_.Stop();
  auto call = CallAside("x", {.timeout = kPatience, .wait_for_ready = kPatience});
  server_.Start();
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(call), "r");
}

TEST_F(BlockingTest, AStopTokenCancels) {
  std::stop_source stop;
  auto call = CallAside("x", {.stop = stop.get_token()});
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  stop.request_stop();
  EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(connection.Expect(FrameKind::kCancel).call_id, request.call_id);
}

TEST_F(BlockingTest, AStopThatCameBeforeTheCallSendsNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Call("x", {.stop = stop.get_token()}).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(counting_.connects, 0);
}

TEST_F(BlockingTest, ATimeoutOfZeroIsRefused) {
  ExpectStatus(Call("x", {.timeout = milliseconds(0)}).status(), absl::StatusCode::kInvalidArgument,
               "it must be 1 or more");
}

TEST_F(BlockingTest, NoTimeToGetReadyIsRefused) {
  ExpectStatus(channel_->WaitUntilReady(milliseconds(0)), absl::StatusCode::kInvalidArgument,
               "the timeout of WaitUntilReady() is 0 ms; it must be 1 or more");
}

TEST_F(BlockingTest, AWaitForReadyBelowZeroIsRefused) {
  ExpectStatus(Call("x", {.wait_for_ready = milliseconds(-1)}).status(),
               absl::StatusCode::kInvalidArgument, "it must be 0 or more");
}

TEST_F(BlockingTest, TimesThatDoNotFitTheClockAreNoLimit) {
  for (const milliseconds time : {milliseconds::max(), milliseconds::max() - milliseconds(1),
                                  milliseconds(std::chrono::years(300))}) {
    options_.default_timeout = options_.wait_for_ready = time;
    channel_ = Connect(ScriptedServer::kEndpoint, options_);
    auto ready = std::async(std::launch::async, [&] { return channel_->WaitUntilReady(time); });
    ScriptedConnection connection = server_.AcceptAndGreet();
    EXPECT_TRUE(ready.get().ok());
    for (const CallOptions& options :
         {CallOptions{}, CallOptions{.timeout = time, .wait_for_ready = time}}) {
      auto call = CallAside("x", options);
      const OwnedFrame request = connection.Expect(FrameKind::kRequest);
      EXPECT_EQ(request.timeout_us, 0u);
      connection.Reply(request.call_id, "r");
      EXPECT_EQ(*Get(call), "r");
    }
  }
}

TEST_F(BlockingTest, APingIsAnswered) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  connection.Send({.kind = FrameKind::kPing}, "are you there");
  EXPECT_EQ(connection.Expect(FrameKind::kPong).payload, "are you there");
  connection.Reply(request.call_id, "r");
  EXPECT_EQ(*Get(call), "r");
}

TEST_F(BlockingTest, WaitUntilReadyConnectsAndWaitsForTheHello) {
  auto ready = std::async(std::launch::async, [&] { return channel_->WaitUntilReady(kPatience); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  EXPECT_TRUE(ready.get().ok());
  EXPECT_EQ(channel_->connections_made(), 1u);
}

class SpinningTest : public ClientTest {
 protected:
  SpinningTest() : ClientTest({.spin = milliseconds(1)}) {}
};

TEST_F(SpinningTest, ACallGetsItsReplyWhetherItComesSoonerOrLater) {
  auto call = CallAside("x");
  ScriptedConnection connection = server_.AcceptAndGreet();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "soon");
  EXPECT_EQ(*Get(call), "soon");
  auto later = CallAside("y");
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_EQ(later.wait_for(milliseconds(10)), std::future_status::timeout);
  connection.Reply(request.call_id, "later");
  EXPECT_EQ(*Get(later), "later");
}

TEST_F(SpinningTest, ADeadlineEndsACall) {
  auto call = CallAside("x", {.timeout = milliseconds(30)});
  ScriptedConnection connection = server_.AcceptAndGreet();
  EXPECT_EQ(Get(call).status().code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace piperpc
