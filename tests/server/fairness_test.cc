// What one client does, or does not do, costs that client and not the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "server/server_fixture.h"
#include "support/call_frames.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;
using wire::FrameKind;

constexpr std::size_t kMiB = 1024 * 1024;

std::string RequestWithin(std::uint64_t id, std::string_view method, std::uint64_t timeout_us) {
  return Encode({.kind = FrameKind::kRequest,
                 .call_id = id,
                 .flags = wire::kEnd,
                 .method = method,
                 .timeout_us = timeout_us});
}

class Fairness : public ServerFixture {
 protected:
  void SetUp() override { client_time_ = std::chrono::seconds(20); }

  void ExpectServed(WireClient& client, std::uint64_t id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Echo", "served")});
    const OwnedFrame reply = client.NextAfterHello();
    EXPECT_EQ(reply.call_id, id);
    EXPECT_TRUE(reply.status.ok()) << reply.status;
    EXPECT_EQ(reply.payload, "served");
  }

  // Sends all of a request of `size` bytes but for the last `missing` ones.
  static void SendUnfinished(WireClient& client, std::uint64_t id, std::string_view method,
                             std::size_t size, std::size_t missing) {
    constexpr std::size_t kPart = 60'000;
    bool first = true;
    for (std::size_t left = size - missing; left > 0; first = false) {
      const std::size_t part = std::min(left, kPart);
      left -= part;
      wire::FrameHeader header{
          .kind = FrameKind::kRequest, .call_id = id, .flags = wire::kEnd | wire::kMore};
      if (first) {
        header.method = method;
        header.message_size = size;
      }
      client.Send({Encode(header, std::string(part, 'p'))});
    }
  }

  static void SendRest(WireClient& client, std::uint64_t id, std::size_t missing) {
    client.Send({Encode({.kind = FrameKind::kRequest, .call_id = id, .flags = wire::kEnd},
                        std::string(missing, 'p'))});
  }

  base::Duration client_time_{};
};

TEST_F(Fairness, ShortDeadlinesEndTheirCallsAndNothingElse) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  std::uint64_t id = 1;
  for (int round = 0; round < 5; ++round) {
    std::string requests;
    for (int i = 0; i < 80; ++i) requests += RequestWithin(++id, "test.v1.Test/Wait", 2000);
    client.Send({requests});
    for (int i = 0; i < 80; ++i) {
      const absl::Status status = client.NextAfterHello().status;
      ASSERT_TRUE(absl::IsDeadlineExceeded(status)) << status;
    }
  }
  service_.release.Set();
  EXPECT_EQ(client.NextAfterHello().payload, "released");
}

TEST_F(Fairness, DroppedStreamsEndTheirCallsAndNothingElse) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  for (std::uint64_t id = 2; id < 252; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Forever", "")});
    ASSERT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
    client.Send({Cancel(id)});
    OwnedFrame frame = client.NextAfterHello();
    while (frame.kind == FrameKind::kMessage) frame = client.NextAfterHello();
    ASSERT_EQ(frame.kind, FrameKind::kResponse);
    ASSERT_TRUE(absl::IsCancelled(frame.status)) << frame.status;
  }
  service_.release.Set();
  EXPECT_EQ(client.NextAfterHello().payload, "released");
}

TEST_F(Fairness, CallsAboveThoseThatStillRunAreRefusedOneByOne) {
  Start({.max_calls_per_connection = 16});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 16; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Stubborn", ""), Cancel(id)});
  }
  for (std::uint64_t id = 17; id <= 400; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Stubborn", ""), Cancel(id)});
    const OwnedFrame refused = client.NextAfterHello();
    ASSERT_EQ(refused.call_id, id);
    ASSERT_TRUE(absl::IsResourceExhausted(refused.status)) << refused.status;
    ASSERT_THAT(std::string(refused.status.message()), HasSubstr("max_calls_per_connection"));
  }
  service_.release.Set();
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(absl::IsCancelled(client.NextAfterHello().status));
  ExpectServed(client, 401);
}

TEST_F(Fairness, AFloodOfCallsAndCancelsLeavesOthersServed) {
  constexpr int kAtOnce = 500;
  constexpr int kPackets = 200;  // 100,000 calls.
  Start();
  std::atomic<bool> flooding = true;
  std::thread flood([&] {
    WireClient client = Connect();
    client.Send({EncodedHello()});
    std::uint64_t id = 0;
    for (int i = 0; i < kPackets; ++i) {
      std::string frames;
      for (int j = 0; j < kAtOnce; ++j) {
        ++id;
        frames += EncodedRequest(id, "test.v1.Test/Wait", "") + Cancel(id);
      }
      client.Send({frames});
      for (int j = 0; j < kAtOnce; ++j) {
        const absl::Status status = client.NextAfterHello().status;
        if (!absl::IsCancelled(status)) ADD_FAILURE() << status;
      }
    }
    flooding = false;
  });
  WireClient bystander = Connect();
  bystander.Send({EncodedHello()});
  std::uint64_t served = 0;
  while (flooding) ExpectServed(bystander, ++served);
  flood.join();
  EXPECT_GT(served, 0u);
}

TEST_F(Fairness, APacketOfManyRequestsLetsOthersIn) {
  constexpr int kTicks = 2000;
  std::promise<void> hold;
  std::atomic<int> ticks = 0;
  RawService service("fair.v1.Fair");
  service.AddUnary("Hold", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    hold.get_future().wait_for(client_time_);
    co_return RawMessage{};
  });
  service.AddUnary("Tick", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    ++ticks;
    co_return RawMessage{};
  });
  service.AddUnary("Ticks", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    co_return RawMessage{std::to_string(ticks)};
  });
  Server server({.transport = &transport()});
  ASSERT_TRUE(server.AddService(service).ok());
  ASSERT_TRUE(server.Start(endpoint_).ok());

  WireClient other = Connect();
  other.Send({EncodedHello(), EncodedRequest(1, "fair.v1.Fair/Ticks", "")});
  EXPECT_EQ(other.NextAfterHello().payload, "0");
  WireClient busy = Connect();
  std::string packet = EncodedHello() + EncodedRequest(1, "fair.v1.Fair/Hold", "");
  for (int i = 2; i < 2 + kTicks; ++i) packet += EncodedRequest(i, "fair.v1.Fair/Tick", "");
  busy.Send({packet});
  other.Send({EncodedRequest(2, "fair.v1.Fair/Ticks", "")});
  hold.set_value();
  EXPECT_LT(std::stoi(other.NextAfterHello().payload), kTicks);
  for (std::uint64_t i = 1; i < 2 + kTicks; ++i) ASSERT_EQ(busy.NextAfterHello().call_id, i);
}

TEST_F(Fairness, RequestsOfOnePacketWaitWhileTheRepliesAreNotRead) {
  constexpr int kCalls = 2000;
  constexpr int kReply = 100'000;
  Start();
  WireClient deaf = Connect();
  std::string packet = EncodedHello();
  for (int i = 1; i <= kCalls; ++i) {
    packet += EncodedRequest(i, "test.v1.Test/Big", std::to_string(kReply));
  }
  deaf.Send({packet});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  WireClient other = Connect();
  other.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 50; ++id) ExpectServed(other, id);
  EXPECT_LT(service_.entered.count(), 100);  // 1 MiB, and what the pipe takes.
  std::size_t bytes = 0;
  for (std::uint64_t id = 1; id <= kCalls;) {
    const OwnedFrame frame = deaf.NextAfterHello();
    ASSERT_EQ(frame.call_id, id);
    bytes += frame.payload.size();
    if ((frame.flags & wire::kMore) == 0) ++id;
  }
  EXPECT_EQ(bytes, std::size_t{kCalls} * kReply);
}

// Small replies and large ones; the output queue would take them all.
TEST_F(Fairness, CallsWhoseRepliesAreNotReadStayInFlight) {
  constexpr std::uint64_t kCalls = 1500;
  for (const std::size_t reply : {20'000, 40'000}) {
    Start({.max_calls_per_connection = 16, .output_queue_bytes = 1024 * kMiB});
    const int before = service_.entered.count();
    WireClient deaf = Connect();
    std::string packet = EncodedHello();
    for (std::uint64_t id = 1; id <= kCalls; ++id) {
      packet += EncodedRequest(id, "test.v1.Test/Big", std::to_string(reply));
    }
    deaf.Send({packet});
    ASSERT_TRUE(service_.entered.WaitFor(before + 1));
    WireClient other = Connect();
    other.Send({EncodedHello()});
    for (std::uint64_t id = 1; id <= 50; ++id) ExpectServed(other, id);
    EXPECT_LT(service_.entered.count() - before, 300);  // 16, and what the pipe takes.
    for (std::uint64_t id = 1; id <= kCalls;) {
      const OwnedFrame frame = deaf.NextAfterHello();
      ASSERT_EQ(frame.call_id, id);
      ASSERT_TRUE(frame.status.ok()) << frame.status;
      if ((frame.flags & wire::kMore) == 0) ++id;
    }
    server_.reset();
  }
}

TEST_F(Fairness, ACallAboveTheLimitIsNotHeldUpByAReplyThatIsRead) {
  Start({.max_calls_per_connection = 16});
  WireClient client = Connect();
  std::string packet = EncodedHello();
  for (std::uint64_t id = 1; id <= 15; ++id) {
    packet += EncodedRequest(id, "test.v1.Test/Stubborn", "");
  }
  for (std::uint64_t id = 16; id <= 100; ++id) {
    packet += EncodedRequest(id, "test.v1.Test/Echo", "served");
  }
  client.Send({packet});
  for (std::uint64_t id = 16; id <= 100; ++id) {
    const OwnedFrame reply = client.NextAfterHello();
    ASSERT_EQ(reply.call_id, id);
    ASSERT_EQ(reply.payload, "served") << reply.status;
  }
  service_.release.Set();
  for (int i = 1; i <= 15; ++i) EXPECT_EQ(client.NextAfterHello().payload, "released");
}

TEST_F(Fairness, PingsThatAreNotReadArePaused) {
  constexpr int kPings = 1500;
  Start({.output_queue_bytes = 128 * 1024});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  std::string packet;
  for (int i = 0; i < kPings; ++i) {
    packet += Encode({.kind = FrameKind::kPing}, std::string(64, static_cast<char>('a' + i % 26)));
  }
  for (int round = 0; round < 20; ++round) {
    client.Send({packet});
    for (int i = 0; i < kPings; ++i) {
      const OwnedFrame pong = client.NextAfterHello();
      ASSERT_EQ(pong.kind, FrameKind::kPong);
      ASSERT_EQ(pong.payload.front(), 'a' + i % 26);
    }
  }
}

TEST_F(Fairness, UnfinishedRequestsOfOneConnectionLeaveRoomForOthers) {
  Start({.max_message_bytes = kMiB, .parse_budget_bytes = 16 * kMiB});
  WireClient idle = Connect();
  idle.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 16; ++id) {
    SendUnfinished(idle, id, "test.v1.Test/Echo", kMiB, 1024);
  }
  const absl::Status refused = idle.NextAfterHello().status;
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("parse_budget_per_connection"));

  WireClient other = Connect();
  other.Send({EncodedHello()});
  SendUnfinished(other, 1, "test.v1.Test/Echo", 150'000, 1024);
  SendRest(other, 1, 1024);
  std::size_t bytes = 0;
  for (bool more = true; more;) {
    const OwnedFrame frame = other.NextAfterHello();
    EXPECT_TRUE(frame.status.ok()) << frame.status;
    bytes += frame.payload.size();
    more = (frame.flags & wire::kMore) != 0;
  }
  EXPECT_EQ(bytes, 150'000u);
}

TEST_F(Fairness, UnfinishedRequestsOfAllConnectionsOfAUserShareABudget) {
  Start({.max_message_bytes = kMiB,
         .parse_budget_bytes = 16 * kMiB,
         .parse_budget_per_connection = 2 * kMiB,
         .parse_budget_per_user = 3 * kMiB});
  WireClient first = Connect();
  WireClient second = Connect();
  first.Send({EncodedHello()});
  second.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 2; ++id) {
    SendUnfinished(first, id, "test.v1.Test/Echo", kMiB, 1024);
  }
  ExpectServed(first, 3);  // What came before it has been seen.
  for (std::uint64_t id = 1; id <= 2; ++id) {
    SendUnfinished(second, id, "test.v1.Test/Echo", kMiB, 1024);
  }
  const absl::Status refused = second.NextAfterHello().status;
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("parse_budget_per_user"));
}

TEST_F(Fairness, AMessageThatDoesNotBecomeWholeInTimeEndsItsCallAndGivesItsMemoryBack) {
  Start({.max_message_bytes = 256 * 1024,
         .parse_budget_bytes = 256 * 1024,
         .message_timeout = std::chrono::milliseconds(30)});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 3; ++id) {
    SendUnfinished(client, id, "test.v1.Test/Echo", 200'000, 1024);
    const absl::Status late = client.NextAfterHello().status;
    EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
    EXPECT_THAT(std::string(late.message()),
                HasSubstr("a message of 200000 bytes was still incomplete 30 ms after its first "
                          "frame (message_timeout); send it faster"));
  }
  ExpectServed(client, 4);
}

TEST_F(Fairness, AMessageThatCameInTimeLeavesItsCallTheTimeItHas) {
  Start({.message_timeout = std::chrono::seconds(2)});  // Enough for it on a busy machine, too.
  WireClient client = Connect();
  client.Send({EncodedHello()});
  SendUnfinished(client, 1, "test.v1.Test/Stubborn", 200'000, 1024);
  SendRest(client, 1, 1024);
  client.Send({RequestWithin(2, "test.v1.Test/Wait", 2'100'000)});  // Ends later than the limit.
  const OwnedFrame later = client.NextAfterHello();
  EXPECT_EQ(later.call_id, 2u) << later.status;
  service_.release.Set();
  EXPECT_EQ(client.NextAfterHello().payload, "released");
}

TEST_F(Fairness, MessagesThatNobodyReadsAreInTheSameBudget) {
  Start({.max_message_bytes = kMiB,
         .parse_budget_bytes = 16 * kMiB,
         .parse_budget_per_connection = 4 * kMiB});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  const auto send = [&client](std::uint64_t id) {
    client.Send(
        {Encode({.kind = FrameKind::kRequest, .call_id = id, .method = "test.v1.Test/ReadLate"})});
    for (int part = 0; part < 10; ++part) {
      client.Send({Encode({.kind = FrameKind::kMessage,
                           .call_id = id,
                           .flags = part < 9 ? wire::kMore : 0,
                           .message_size = part == 0 ? 1'000'000u : 0u},
                          std::string(100'000, 'p'))});
    }
    client.Send({Encode({.kind = FrameKind::kHalfClose, .call_id = id})});
  };
  const auto response = [&client] {
    OwnedFrame frame = client.NextAfterHello();
    while (frame.kind == FrameKind::kCredit) frame = client.NextAfterHello();
    return frame;
  };
  for (std::uint64_t id = 1; id <= 5; ++id) send(id);
  ExpectServed(client, 6);  // What came before it has been seen.
  service_.release.Set();
  for (int i = 0; i < 5; ++i) {
    const OwnedFrame frame = response();
    if (frame.call_id < 5) {  // Each is counted once.
      EXPECT_EQ(frame.payload, "1000000") << frame.status;
      continue;
    }
    EXPECT_TRUE(absl::IsResourceExhausted(frame.status)) << frame.status;
    EXPECT_THAT(std::string(frame.status.message()), HasSubstr("parse_budget_per_connection"));
  }
  for (std::uint64_t id = 7; id <= 20; ++id) {  // The memory is free again.
    send(id);
    EXPECT_EQ(response().payload, "1000000");
  }
}

// However small the share is, and though it comes in parts: as a request does.
TEST_F(Fairness, AStreamedMessageOfTheGreatestSizeFits) {
  for (const std::size_t budget : {kMiB, 4 * kMiB}) {
    Start({.max_message_bytes = kMiB,
           .stream_credit_bytes = kMiB,
           .parse_budget_bytes = budget,
           .parse_budget_per_connection = kMiB,
           .parse_budget_per_user = kMiB});
    WireClient client = Connect();
    client.Send(
        {EncodedHello(),
         Encode({.kind = FrameKind::kRequest, .call_id = 1, .method = "test.v1.Test/ReadLate"})});
    service_.release.Set();
    for (int round = 0; round < 3; ++round) {
      for (std::size_t part = 0; part < 16; ++part) {
        client.Send({Encode({.kind = FrameKind::kMessage,
                             .call_id = 1,
                             .flags = part < 15 ? wire::kMore : 0,
                             .message_size = part == 0 ? kMiB : 0},
                            std::string(kMiB / 16, 'p'))});
      }
      const OwnedFrame credit = client.NextAfterHello();  // It has been read.
      ASSERT_EQ(credit.kind, FrameKind::kCredit) << credit.status;
    }
    client.Send({Encode({.kind = FrameKind::kHalfClose, .call_id = 1})});
    OwnedFrame reply = client.NextAfterHello();
    while (reply.kind == FrameKind::kCredit) reply = client.NextAfterHello();
    EXPECT_EQ(reply.payload, std::to_string(3 * kMiB)) << reply.status;
    client.Close();
    server_.reset();
  }
}

// Their handlers hold them, or a worker's queue does.
TEST_F(Fairness, RequestsOfCallsThatHaveNotEndedAreInTheSameBudget) {
  Start({.max_message_bytes = kMiB,
         .parse_budget_bytes = 16 * kMiB,
         .parse_budget_per_connection = 2 * kMiB});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 2; ++id) {
    SendUnfinished(client, id, "test.v1.Test/Stubborn", 900'000, 1024);
    SendRest(client, id, 1024);
  }
  for (std::uint64_t id = 3; id <= 4; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Stubborn", std::string(120'000, 'r'))});
  }
  ASSERT_TRUE(service_.entered.WaitFor(4));
  client.Send({EncodedRequest(5, "test.v1.Test/Stubborn", std::string(120'000, 'r'))});
  const OwnedFrame refused = client.NextAfterHello();
  EXPECT_EQ(refused.call_id, 5u);
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status)) << refused.status;
  EXPECT_THAT(std::string(refused.status.message()), HasSubstr("parse_budget_per_connection"));
  service_.release.Set();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.NextAfterHello().payload, "released");
  for (std::uint64_t id = 6; id <= 30; ++id) {  // The memory is free again.
    client.Send({EncodedRequest(id, "test.v1.Test/Stubborn", std::string(120'000, 'r'))});
    EXPECT_EQ(client.NextAfterHello().payload, "released");
  }
}

// The pipe breaks as the message goes out that its handler waits in a yield with.
TEST_F(Fairness, AStreamWhoseMessageBreaksThePipeIsNotResumed) {
  Counter steps;
  Counter gone;
  Counter held;
  std::promise<void> release;
  RawService service("break.v1.Break");
  struct Guard {
    Counter& gone;
    ~Guard() { gone.Add(); }
  };
  const auto stream = [&steps, &gone]() -> Stream<RawMessage> {
    const Guard guard{gone};
    const RawMessage message{std::string(200'000, 'b')};
    for (;;) {
      steps.Add();
      co_yield message;
    }
  };
  service.AddServerStreaming("Stream", [&](ServerContext&, RawMessage) { return stream(); });
  service.AddUnary("Hold", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    held.Add();
    release.get_future().wait_for(client_time_);
    co_return RawMessage{};
  });
  Server server({.transport = &transport()});
  ASSERT_TRUE(server.AddService(service).ok());
  ASSERT_TRUE(server.Start(endpoint_).ok());
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "break.v1.Break/Stream", "")});
  std::size_t received = 0;
  while (received < 200'000) received += client.NextAfterHello().payload.size();
  ASSERT_TRUE(steps.WaitFor(2));  // It waits for credit.
  WireClient holder = Connect();
  holder.Send({EncodedHello(), EncodedRequest(1, "break.v1.Break/Hold", "")});
  ASSERT_TRUE(held.WaitFor(1));
  client.Send({Encode({.kind = FrameKind::kCredit, .call_id = 1, .credit = 1'000'000})});
  client.Close();
  release.set_value();
  EXPECT_TRUE(gone.WaitFor(1));
  EXPECT_EQ(steps.count(), 2);
}

}  // namespace
}  // namespace piperpc::testing
