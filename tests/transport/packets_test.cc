// Packets: sizes, boundaries, order, back-pressure.
#include "fixture.h"

namespace piperpc::transport {
namespace {

using PacketsTest = TransportTest;

// Sends all packets in order from the loop of `end`, each when the one before was taken.
class Sender {
 public:
  Sender(End& end, std::vector<std::string> packets) : end_(end), packets_(std::move(packets)) {}
  void Run() {
    for (const std::string& packet : packets_) {
      if (end_.MustSend(packet) == SendResult::kSent) continue;
      ++pending;
      ASSERT_TRUE(end_.WaitSent().ok());
    }
  }
  int pending = 0;

 private:
  End& end_;
  std::vector<std::string> packets_;
};

std::vector<std::string> Split(const std::string& message, std::size_t size) {
  std::vector<std::string> packets;
  for (std::size_t at = 0; at < message.size(); at += size)
    packets.push_back(message.substr(at, size));
  return packets;
}

void ExpectMessage(End& end, const std::string& message) {
  std::string received;
  while (received.size() < message.size()) {
    const std::string packet = end.WaitPacket();
    ASSERT_FALSE(packet.empty());
    received += packet;
  }
  EXPECT_TRUE(received == message) << "the bytes differ";
}

TEST_P(PacketsTest, ComeBackUnchangedAtEverySize) {
  Ends ends = NewEnds();
  End& server = *ends.server;
  server.on_receive = [&](Bytes packet) {
    EXPECT_EQ(*server.pipe().Send(std::span(&packet, 1)), SendResult::kSent);
    server.pipe().Receive();
  };
  server.Attach(*server_loop_);
  server.Receive();
  constexpr std::size_t k128 = 128 * 1024;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{4097}, k128 - 1, k128,
        k128 + 1, kMaxPacketBytes - 1, kMaxPacketBytes}) {
    const std::string packet = Pattern(size);
    ASSERT_EQ(ends.client->MustSend(packet), SendResult::kSent) << size;
    EXPECT_TRUE(*ends.client->ReceiveUntil(Soon()) == packet) << size;
  }
  server.Close();
}

TEST_P(PacketsTest, OfTheLargestSizeMayBeTheFirst) {
  Ends ends = NewEnds();
  const std::string packet = Pattern(kMaxPacketBytes);
  ASSERT_EQ(ends.client->MustSend(packet), SendResult::kSent);
  EXPECT_TRUE(*ends.server->ReceiveUntil(Soon()) == packet);
  ASSERT_EQ(ends.server->MustSend(packet), SendResult::kSent);
  EXPECT_TRUE(*ends.client->ReceiveUntil(Soon()) == packet);
}

TEST_P(PacketsTest, OfManyConnectionsThatComeAtOnceAllArrive) {
  std::vector<Ends> many(100);  // More than a loop has room for at a time.
  for (Ends& ends : many) {
    ends = NewEnds();
    ends.server->Attach(*server_loop_);
    ends.server->Receive();
  }
  server_loop_->Do([&] {  // It looks at none before all are there.
    for (std::size_t i = 0; i < many.size(); ++i) many[i].client->MustSend(Pattern(1000 + i));
  });
  for (std::size_t i = 0; i < many.size(); ++i) {
    EXPECT_EQ(many[i].server->WaitPacket(), Pattern(1000 + i));
    many[i].server->Close();
  }
}

TEST_P(PacketsTest, OfAMessagePassBothWaysAtOnceUnderBackPressure) {
  Ends ends = NewAttachedEnds();
  ends.client->ReceiveAll();
  ends.server->ReceiveAll();
  for (const std::size_t size : {std::size_t{1} << 20, std::size_t{64} << 20}) {
    const std::string up = Pattern(size, 1);
    const std::string down = Pattern(size, 2);
    std::thread client([&] { Sender(*ends.client, Split(up, 128 * 1024)).Run(); });
    std::thread server([&] { Sender(*ends.server, Split(down, kMaxPacketBytes)).Run(); });
    ExpectMessage(*ends.server, up);
    ExpectMessage(*ends.client, down);
    client.join();
    server.join();
  }
  ends.client->Close();
  ends.server->Close();
}

TEST_P(PacketsTest, KeepTheirBoundaries) {
  Ends ends = NewAttachedEnds();
  for (const char* packet : {"a", "bc", "def"}) ends.client->MustSend(packet);
  ends.server->ReceiveAll();
  EXPECT_EQ(ends.server->WaitPacket(), "a");
  EXPECT_EQ(ends.server->WaitPacket(), "bc");
  EXPECT_EQ(ends.server->WaitPacket(), "def");
  ends.client->Close();
  ends.server->Close();
}

TEST_P(PacketsTest, AreJoinedFromTheirSlices) {
  Ends ends = NewEnds();
  std::vector<std::string> parts;
  std::string whole;
  for (unsigned i = 0; i < 64; ++i) whole += parts.emplace_back(Pattern(i % 7, i));
  const std::vector<Bytes> slices(parts.begin(), parts.end());
  ASSERT_TRUE(ends.client->pipe().Send(slices).ok());
  EXPECT_EQ(*ends.server->ReceiveUntil(Soon()), whole);
}

TEST_P(PacketsTest, ThatBreakARuleAreNotSent) {
  Ends ends = NewEnds();
  EXPECT_EQ(ends.client->Send("").status().code(), absl::StatusCode::kInvalidArgument);
  const std::string large(kMaxPacketBytes + 1, 'x');
  EXPECT_EQ(ends.client->Send(large).status().code(), absl::StatusCode::kInvalidArgument);
  const std::vector<Bytes> slices(65, Bytes("x", 1));
  EXPECT_EQ(ends.client->pipe().Send(slices).status().code(), absl::StatusCode::kInvalidArgument);
  ends.client->MustSend("still good");
  EXPECT_EQ(*ends.server->ReceiveUntil(Soon()), "still good");
}

TEST_P(PacketsTest, WaitUntilReceiveAsksForThem) {
  Ends ends = NewAttachedEnds();
  ends.client->MustSend("1");
  ends.client->MustSend("2");
  ends.server->Receive();
  EXPECT_EQ(ends.server->WaitPacket(), "1");
  for (int turn = 0; turn < 5; ++turn) server_loop_->Do([] {});
  EXPECT_EQ(ends.server->packets(), 0u);
  ends.server->Receive();
  EXPECT_EQ(ends.server->WaitPacket(), "2");
  ends.client->Close();
  ends.server->Close();
}

// Fills the pipe from `end`, which is attached, until a send is pending.
std::vector<std::string> FillUntilPending(End& end) {
  std::vector<std::string> packets;
  do {
    packets.push_back(Pattern(64 * 1024, static_cast<unsigned>(packets.size())));
  } while (packets.size() < 1000 && end.MustSend(packets.back()) == SendResult::kSent);
  return packets;
}

TEST_P(PacketsTest, ThatDoNotFitAreSentLaterOnceAndInOrder) {
  Ends ends = NewAttachedEnds();
  for (int round = 0; round < 3; ++round) {
    const std::vector<std::string> packets = FillUntilPending(*ends.client);
    EXPECT_EQ(ends.client->sent(), round);
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ends.server->Receive();
      EXPECT_TRUE(ends.server->WaitPacket() == packets[i]) << i;
    }
    EXPECT_TRUE(ends.client->WaitSent().ok());
    EXPECT_EQ(ends.client->sent(), round + 1);
  }
  ends.client->Close();
  ends.server->Close();
}

TEST_P(PacketsTest, ThatDoNotFitCanBeSentFromTheLoop) {
  Ends ends = NewAttachedEnds();
  std::vector<std::string> packets;
  client_loop_->Do([&] { packets = FillUntilPending(*ends.client); });
  ends.server->ReceiveAll();
  EXPECT_TRUE(ends.client->WaitSent().ok());
  for (const std::string& packet : packets) EXPECT_TRUE(ends.server->WaitPacket() == packet);
  ends.client->Close();
  ends.server->Close();
}

TEST_P(PacketsTest, ThatArePendingFailWhenThePeerGoes) {
  Ends ends = NewAttachedEnds();
  const std::vector<std::string> packets = FillUntilPending(*ends.client);
  ends.server->Close();
  EXPECT_EQ(ends.client->WaitSent().code(), absl::StatusCode::kUnavailable);
  ends.client->Close();
  EXPECT_EQ(ends.client->sent(), 1);
}

TEST_P(PacketsTest, ThatDoNotFitADetachedPipeAreNotTaken) {
  Ends ends = NewEnds();
  const std::string packet = Pattern(64 * 1024);
  std::size_t taken = 0;
  while (taken < 1000 && ends.client->MustSend(packet) == SendResult::kSent) ++taken;
  EXPECT_EQ(ends.client->MustSend(packet), SendResult::kWouldBlock);
  for (std::size_t i = 0; i < taken; ++i) {
    ASSERT_TRUE(*ends.server->ReceiveUntil(Soon()) == packet);
  }
  EXPECT_EQ(ends.client->MustSend("again"), SendResult::kSent);
  EXPECT_EQ(*ends.server->ReceiveUntil(Soon()), "again");
}

TEST_P(PacketsTest, AreReceivedWithoutALoop) {
  Ends ends = NewEnds();
  ends.client->MustSend("hello");
  EXPECT_EQ(*ends.server->ReceiveUntil(Soon()), "hello");
  ends.server->MustSend("and back");
  EXPECT_EQ(*ends.client->ReceiveUntil(base::kNever), "and back");
}

TEST_P(PacketsTest, ThatAreThereAreTakenWithoutAWait) {
  Ends ends = NewEnds();
  EXPECT_EQ(ends.client->ReceiveUntil(base::TimePoint::min()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  ends.server->MustSend("there");
  EXPECT_EQ(*ends.client->ReceiveUntil(base::TimePoint::min()), "there");
}

TEST_P(PacketsTest, ThatDoNotComeEndAtTheDeadlineAndNotBefore) {
  Ends ends = NewEnds();
  for (const int wait : {0, 1, 7, 45, 120, 3}) {
    const base::TimePoint deadline = base::After(std::chrono::milliseconds(wait));
    EXPECT_EQ(ends.client->ReceiveUntil(deadline).status().code(),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_GE(base::Clock::now(), deadline);
  }
  ends.server->MustSend("late");
  EXPECT_EQ(*ends.client->ReceiveUntil(Soon()), "late");
}

TEST_P(PacketsTest, AreReceivedOnAnotherThreadOfAnAttachedPipeWhileNoReceiveIsOutstanding) {
  Ends ends = NewAttachedEnds();
  ends.server->Receive();
  ends.client->MustSend("to the loop");
  EXPECT_EQ(ends.server->WaitPacket(), "to the loop");
  for (const char* packet : {"to the thread", "again"}) {
    ends.client->MustSend(packet);
    EXPECT_EQ(*ends.server->ReceiveUntil(Soon()), packet);
  }
  ends.client->MustSend("to the loop again");
  ends.server->Receive();
  EXPECT_EQ(ends.server->WaitPacket(), "to the loop again");
  ends.client->Close();
  ends.server->Close();
}

PIPERPC_FOR_EACH_TRANSPORT(PacketsTest);

}  // namespace
}  // namespace piperpc::transport
