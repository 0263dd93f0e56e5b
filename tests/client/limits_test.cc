// Limits are kept by the sender, and a server that lies about its own is found out.
#include "client/client_fixture.h"

namespace piperpc {
namespace {

using std::chrono::milliseconds;
using wire::FrameKind;

// Sixteen calls, which take all the slots that the server gives.
struct FullConnection {
  ScriptedConnection connection;
  std::vector<std::future<Text>> calls;
  std::vector<OwnedFrame> requests;
};

class LimitsTest : public ClientTest {
 protected:
  FullConnection Fill() {
    wire::Hello hello = ScriptedConnection::UsualHello();
    hello.max_calls = 16;
    std::vector<std::future<Text>> calls;
    for (int i = 0; i < 16; ++i) calls.push_back(CallAside("x"));
    ScriptedConnection connection = server_.Accept();
    connection.SendHello(hello);
    std::vector<OwnedFrame> requests;
    for (int i = 0; i < 16; ++i) requests.push_back(connection.Expect(FrameKind::kRequest));
    return {std::move(connection), std::move(calls), std::move(requests)};
  }
};

TEST_F(LimitsTest, ARequestAboveTheServersLimitNamesBothAndTheConnectionLives) {
  auto large = CallAside(std::string(5 * 1024 * 1024, 'x'));
  ScriptedConnection connection = server_.AcceptAndGreet();
  const absl::Status status = Get(large).status();
  ExpectStatus(status, absl::StatusCode::kResourceExhausted, "5242880");
  ExpectStatus(status, absl::StatusCode::kResourceExhausted, "4194304");
  auto small = CallAside("x");
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r");
  EXPECT_EQ(*Get(small), "r");
  EXPECT_EQ(counting_.connects, 1);
}

TEST_F(LimitsTest, AMessageAboveTheEarlyLimitWaitsForTheHello) {
  const std::string bytes(100'000, 'x');
  auto call = CallAside(bytes);
  ScriptedConnection connection = server_.Accept();
  const std::vector<OwnedFrame> packet = connection.ReceivePacket();
  ASSERT_EQ(packet.size(), 1u);
  EXPECT_EQ(packet[0].kind, FrameKind::kHello);
  connection.Send({.kind = FrameKind::kHello}, wire::EncodeHello(ScriptedConnection::UsualHello()));
  const OwnedFrame request = connection.Expect(FrameKind::kRequest);
  EXPECT_EQ(request.payload, bytes);
  connection.Reply(request.call_id, "r");
  EXPECT_EQ(*Get(call), "r");
}

TEST_F(LimitsTest, BeforeTheHelloOnlySixteenCallsGoOut) {
  std::vector<std::future<Text>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(CallAside("x"));
  ScriptedConnection connection = server_.Accept();
  connection.Expect(FrameKind::kHello);
  std::vector<OwnedFrame> early;
  for (int i = 0; i < 16; ++i) early.push_back(connection.Expect(FrameKind::kRequest));
  connection.Send({.kind = FrameKind::kHello}, wire::EncodeHello(ScriptedConnection::UsualHello()));
  for (int i = 0; i < 4; ++i) early.push_back(connection.Expect(FrameKind::kRequest));
  for (const OwnedFrame& request : early) connection.Reply(request.call_id, "r");
  for (auto& call : calls) EXPECT_EQ(*Get(call), "r");
}

TEST_F(LimitsTest, CallsAboveTheServersLimitWaitForASlotInsideTheirDeadline) {
  auto [connection, calls, requests] = Fill();
  auto late = CallAside("late", {.timeout = milliseconds(50)});
  ExpectStatus(Get(late).status(), absl::StatusCode::kDeadlineExceeded, "call slots");
  auto waiting = CallAside("waiting");
  connection.Reply(requests.back().call_id, "r");
  const OwnedFrame freed = connection.Expect(FrameKind::kRequest);
  EXPECT_EQ(freed.payload, "waiting");
  requests.back() = freed;
  for (const OwnedFrame& request : requests) connection.Reply(request.call_id, "r");
  EXPECT_EQ(*Get(waiting), "r");
}

TEST_F(LimitsTest, AStopEndsACallThatWaitsForASlot) {
  auto [connection, calls, requests] = Fill();
  std::stop_source stop;
  const CallOptions options{.timeout = std::chrono::hours(1), .stop = stop.get_token()};
  auto blocking = CallAside("late", options);
  auto async = CallAsync("later", options);
  stop.request_stop();
  EXPECT_EQ(Get(blocking).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Get(async).status().code(), absl::StatusCode::kCancelled);
  channel_->Close();
  for (auto& call : calls) EXPECT_FALSE(Get(call).ok());
}

TEST_F(LimitsTest, WhetherTheServerIsReadyWaitsForNoSlot) {
  auto [connection, calls, requests] = Fill();
  auto waiting = CallAsync("waiting");
  EXPECT_TRUE(channel_->WaitUntilReady(kPatience).ok());
  channel_->Close();
  EXPECT_FALSE(Get(waiting).ok());
  for (auto& call : calls) EXPECT_FALSE(Get(call).ok());
}

TEST_F(LimitsTest, WhetherTheServerIsReadyWaitsForTheHelloOnly) {
  auto first = CallAsync("connects");
  ScriptedConnection connection = server_.Accept();
  connection.Expect(FrameKind::kHello);
  connection.Expect(FrameKind::kRequest);
  std::vector<std::future<Text>> calls;
  for (int i = 0; i < 40; ++i) calls.push_back(CallAsync("x"));
  auto ready = std::async(std::launch::async, [&] { return channel_->WaitUntilReady(kPatience); });
  for (int i = 0; i < 15; ++i) connection.Expect(FrameKind::kRequest);
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.max_calls = 16;
  connection.Send({.kind = FrameKind::kHello}, wire::EncodeHello(hello));
  EXPECT_TRUE(ready.get().ok());
  channel_->Close();
  EXPECT_FALSE(Get(first).ok());
  for (auto& call : calls) EXPECT_FALSE(Get(call).ok());
}

TEST_F(LimitsTest, ACallThatWaitedTellsTheServerWhatIsLeftOfItsTimeout) {
  wire::Hello hello = ScriptedConnection::UsualHello();
  hello.max_calls = 16;
  const CallOptions options{.timeout = milliseconds(10'000)};
  auto first = CallAsync("connects", options);
  ScriptedConnection connection = server_.Accept();
  connection.SendHello(hello);
  const OwnedFrame connects = connection.Expect(FrameKind::kRequest);
  EXPECT_LT(connects.timeout_us, 10'000'000u);
  connection.Reply(connects.call_id, "r");
  EXPECT_EQ(*Get(first), "r");

  std::vector<std::future<Text>> calls;
  for (int i = 0; i < 17; ++i) calls.push_back(CallAsync("x", options));
  std::vector<OwnedFrame> requests;
  for (int i = 0; i < 16; ++i) {
    requests.push_back(connection.Expect(FrameKind::kRequest));
    EXPECT_EQ(requests.back().timeout_us, 10'000'000u);
  }
  connection.Reply(requests.back().call_id, "r");
  requests.back() = connection.Expect(FrameKind::kRequest);
  EXPECT_LT(requests.back().timeout_us, 10'000'000u);
  for (const OwnedFrame& request : requests) connection.Reply(request.call_id, "r");
  for (auto& call : calls) EXPECT_EQ(*Get(call), "r");
}

TEST_F(LimitsTest, ALargeRequestIsSplitAndASmallOneOvertakesIt) {
  auto ready = std::async(std::launch::async, [&] { return channel_->WaitUntilReady(kPatience); });
  ScriptedConnection connection = server_.AcceptAndGreet();
  ASSERT_TRUE(ready.get().ok());
  const std::string bytes(3 * 1024 * 1024, 'x');
  auto large = CallAsync(bytes);
  std::string received;
  OwnedFrame frame;
  do {
    frame = connection.Expect(FrameKind::kRequest);
    received += frame.payload;
  } while (frame.more);
  EXPECT_EQ(received, bytes);
  connection.Reply(frame.call_id, "r");
  EXPECT_EQ(*Get(large), "r");
}

TEST_F(LimitsTest, ABlockingCallerMaySendMoreThanThePipeHolds) {
  auto call = CallAside(std::string(4 * 1024 * 1024, 'x'));
  ScriptedConnection connection = server_.AcceptAndGreet();
  OwnedFrame frame;
  do {
    frame = connection.Expect(FrameKind::kRequest);
  } while (frame.more);
  connection.Reply(frame.call_id, "r");
  EXPECT_EQ(*Get(call), "r");
}

}  // namespace
}  // namespace piperpc
