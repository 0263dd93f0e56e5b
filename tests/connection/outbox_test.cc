#include "src/connection/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "connection/recording_pipe.h"

namespace piperpc {
namespace {

using internal::OutMessage;
using transport::SendResult;
using wire::FrameKind;

constexpr std::size_t kMaxPacket = 128 * 1024;

std::string Pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return bytes;
}

wire::FrameHeader Header(FrameKind kind, std::uint64_t call_id) {
  wire::FrameHeader header;
  header.kind = kind;
  header.call_id = call_id;
  return header;
}

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() { outbox_.set_max_packet(kMaxPacket); }

  void AddMessage(const wire::FrameHeader& header, std::string bytes) {
    const RawMessage message{std::move(bytes)};
    outbox_.AddMessage(header, OutMessage::Of(message));
  }
  void AddMessage(FrameKind kind, std::uint64_t call_id, std::string bytes) {
    const RawMessage message{std::move(bytes)};
    if (kind == FrameKind::kMessage) return outbox_.AddMessage(call_id, OutMessage::Of(message));
    outbox_.AddMessage(Header(kind, call_id), OutMessage::Of(message));
  }
  SendResult Flush() {
    const absl::StatusOr<SendResult> result = outbox_.Flush(pipe_);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(SendResult::kWouldBlock);
  }
  // All the frames sent, packets forgotten.
  std::vector<RecordingPipe::Sent> AllFrames() const {
    std::vector<RecordingPipe::Sent> all;
    for (const auto& packet : pipe_.Frames()) all.insert(all.end(), packet.begin(), packet.end());
    return all;
  }
  std::string Joined(std::uint64_t call_id) const {
    std::string bytes;
    for (const auto& frame : AllFrames()) {
      if (frame.call_id == call_id) bytes += frame.payload;
    }
    return bytes;
  }

  RecordingPipe pipe_;
  connection::LargeBufferPool large_;
  const connection::BufferSource buffers_{nullptr, &large_};
  connection::Outbox outbox_{buffers_};
};

TEST_F(OutboxTest, AnEmptyOutboxSendsNothing) {
  EXPECT_EQ(Flush(), SendResult::kSent);
  EXPECT_TRUE(pipe_.packets.empty());
}

TEST_F(OutboxTest, SmallFramesTravelInOnePacketInOrder) {
  for (std::uint64_t id = 1; id <= 64; ++id) AddMessage(FrameKind::kResponse, id, "reply");
  EXPECT_FALSE(outbox_.empty());
  EXPECT_EQ(Flush(), SendResult::kSent);
  EXPECT_TRUE(outbox_.empty());
  ASSERT_EQ(pipe_.packets.size(), 1u);
  const auto frames = AllFrames();
  ASSERT_EQ(frames.size(), 64u);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(frames[i].call_id, i + 1);
    EXPECT_EQ(frames[i].payload, "reply");
    EXPECT_FALSE(frames[i].more);
  }
}

TEST_F(OutboxTest, NoPacketIsLargerThanThePeerTakes) {
  outbox_.set_max_packet(wire::kEarlyPacketBytes);
  for (std::uint64_t id = 1; id <= 40; ++id) AddMessage(FrameKind::kMessage, id, Pattern(30000));
  AddMessage(FrameKind::kMessage, 41, Pattern(300000));
  Flush();
  for (const std::string& packet : pipe_.packets) EXPECT_LE(packet.size(), 64u * 1024);
  EXPECT_EQ(Joined(40), Pattern(30000));
  EXPECT_EQ(Joined(41), Pattern(300000));
}

TEST_F(OutboxTest, ALargeMessageIsSplitAndSaysItsSizeOnce) {
  wire::FrameHeader header = Header(FrameKind::kRequest, 5);
  header.method = "a.B/C";
  header.timeout_us = 77;
  const std::string bytes = Pattern(1000000);
  AddMessage(header, bytes);
  Flush();
  const auto frames = AllFrames();
  ASSERT_GT(frames.size(), 2u);
  EXPECT_EQ(frames.front().message_size, bytes.size());
  EXPECT_EQ(frames.front().method, "a.B/C");
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].more, i + 1 < frames.size());
    if (i > 0) {
      EXPECT_EQ(frames[i].message_size, 0u);
      EXPECT_EQ(frames[i].method, "");
    }
  }
  EXPECT_EQ(Joined(5), bytes);
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, ASplitResponseCarriesItsTrailersInTheLastFrame) {
  wire::FrameHeader header = Header(FrameKind::kResponse, 5);
  const std::string metadata("\x32\x06\x0a\x01k\x12\x01v", 8);
  header.metadata = metadata;
  AddMessage(header, Pattern(400000));
  Flush();
  const auto frames = AllFrames();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].metadata, i + 1 == frames.size() ? metadata : "");
  }
}

TEST_F(OutboxTest, EverySizeAroundTheLimitsArrivesWhole) {
  std::uint64_t id = 1;
  for (const std::size_t middle : {std::size_t{32 * 1024}, kMaxPacket, 2 * kMaxPacket}) {
    for (std::size_t size = middle - 40; size <= middle + 4; ++size) {
      wire::FrameHeader header = Header(FrameKind::kResponse, id);
      AddMessage(header, Pattern(size));
      Flush();
      ASSERT_EQ(Joined(id), Pattern(size)) << size;
      for (const std::string& packet : pipe_.packets) ASSERT_LE(packet.size(), kMaxPacket);
      for (const auto& frame : AllFrames()) ASSERT_FALSE(frame.payload.empty());
      pipe_.packets.clear();
      ++id;
    }
  }
}

TEST_F(OutboxTest, LargeMessagesTakeTurns) {
  AddMessage(FrameKind::kMessage, 1, Pattern(300000));
  AddMessage(FrameKind::kMessage, 2, Pattern(300000));
  Flush();
  std::vector<std::uint64_t> turns;
  for (const auto& frame : AllFrames()) turns.push_back(frame.call_id);
  EXPECT_THAT(turns, testing::ElementsAre(1, 2, 1, 2, 1, 2));
}

TEST_F(OutboxTest, SmallFramesGoBeforeTheRestOfALargeMessage) {
  AddMessage(FrameKind::kMessage, 1, Pattern(600000));
  pipe_.answers = {SendResult::kSent, SendResult::kPending};
  EXPECT_EQ(Flush(), SendResult::kPending);
  AddMessage(FrameKind::kMessage, 2, "small");
  outbox_.OnSent();
  Flush();
  const auto packets = pipe_.Frames();
  ASSERT_GT(packets.size(), 3u);
  ASSERT_EQ(packets[2].size(), 2u);
  EXPECT_EQ(packets[2][0].call_id, 2u);
  EXPECT_EQ(packets[2][1].call_id, 1u);
}

TEST_F(OutboxTest, AFloodOfSmallFramesLeavesRoomForALargeMessage) {
  AddMessage(FrameKind::kMessage, 1, Pattern(150000));
  for (int i = 0; i < 100; ++i) AddMessage(FrameKind::kMessage, 2, Pattern(10000));
  Flush();
  const auto packets = pipe_.Frames();
  ASSERT_GT(packets.size(), 5u);
  EXPECT_EQ(packets[0].back().call_id, 1u);
  EXPECT_EQ(packets[1].back().call_id, 1u);
}

TEST_F(OutboxTest, ALargeMessageWaitsForTheSmallFramesOfItsCallBeforeIt) {
  for (int i = 0; i < 20; ++i) AddMessage(FrameKind::kMessage, 2, Pattern(20000));
  AddMessage(FrameKind::kRequest, 1, "begin");
  AddMessage(FrameKind::kMessage, 1, Pattern(200000));
  Flush();
  EXPECT_EQ(Joined(1), "begin" + Pattern(200000));
}

TEST_F(OutboxTest, FramesBehindALargeMessageOfTheirCallKeepTheirOrder) {
  AddMessage(FrameKind::kMessage, 1, Pattern(200000));
  AddMessage(FrameKind::kMessage, 1, "after");
  AddMessage(FrameKind::kMessage, 1, Pattern(40000));
  outbox_.Add(Header(FrameKind::kHalfClose, 1));
  Flush();
  EXPECT_EQ(Joined(1), Pattern(200000) + "after" + Pattern(40000));
  EXPECT_EQ(AllFrames().back().kind, FrameKind::kHalfClose);
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, CancelAndCreditOvertake) {
  AddMessage(FrameKind::kMessage, 1, Pattern(500000));
  wire::FrameHeader credit = Header(FrameKind::kCredit, 1);
  credit.credit = 10;
  outbox_.Add(credit);
  outbox_.Add(Header(FrameKind::kCancel, 1));
  Flush();
  const auto frames = AllFrames();
  EXPECT_EQ(frames[0].kind, FrameKind::kCredit);
  EXPECT_EQ(frames[1].kind, FrameKind::kCancel);
}

TEST_F(OutboxTest, AMessageByItsCallAloneIsTheFrameOfItsHeader) {
  AddMessage(FrameKind::kMessage, 300, "text");
  AddMessage(Header(FrameKind::kMessage, 300), "text");
  Flush();
  const std::string& packet = pipe_.packets.at(0);
  EXPECT_EQ(packet.substr(0, packet.size() / 2), packet.substr(packet.size() / 2));
}

TEST_F(OutboxTest, APendingSendKeepsItsBytesWhileFramesAreAdded) {
  AddMessage(FrameKind::kMessage, 1, "first");
  pipe_.answers = {SendResult::kPending};
  EXPECT_EQ(Flush(), SendResult::kPending);
  EXPECT_TRUE(outbox_.sending());
  EXPECT_TRUE(outbox_.empty());
  for (int i = 0; i < 100; ++i) AddMessage(FrameKind::kMessage, 2, Pattern(3000));
  EXPECT_EQ(Flush(), SendResult::kPending);
  EXPECT_EQ(pipe_.PendingBytes(), pipe_.packets[0]);
  outbox_.OnSent();
  EXPECT_EQ(Flush(), SendResult::kSent);
  EXPECT_EQ(Joined(2).size(), 300000u);
}

TEST_F(OutboxTest, DroppingALargeMessageInAPendingSendKeepsItsBytes) {
  AddMessage(FrameKind::kMessage, 1, Pattern(500000));
  pipe_.answers = {SendResult::kPending};
  Flush();
  outbox_.Drop(1);
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(pipe_.PendingBytes(), pipe_.packets[0]);
  outbox_.OnSent();
  EXPECT_EQ(Flush(), SendResult::kSent);
  EXPECT_EQ(pipe_.packets.size(), 1u);
}

TEST_F(OutboxTest, TheLastPieceInAPendingSendKeepsItsBytes) {
  AddMessage(FrameKind::kMessage, 1, Pattern(100000));
  pipe_.answers = {SendResult::kPending};
  Flush();
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(pipe_.PendingBytes(), pipe_.packets[0]);
  outbox_.Drop(1);
}

TEST_F(OutboxTest, AFullPipeLosesNothing) {
  AddMessage(FrameKind::kMessage, 2, "small");
  AddMessage(FrameKind::kMessage, 1, Pattern(300000));
  pipe_.answers = {SendResult::kWouldBlock, SendResult::kSent, SendResult::kWouldBlock};
  EXPECT_EQ(Flush(), SendResult::kWouldBlock);
  EXPECT_EQ(Flush(), SendResult::kWouldBlock);
  EXPECT_EQ(Flush(), SendResult::kSent);
  EXPECT_EQ(Joined(2), "small");
  EXPECT_EQ(Joined(1), Pattern(300000));
}

TEST_F(OutboxTest, QueuedBytesFallToZeroAsFramesLeave) {
  AddMessage(FrameKind::kMessage, 1, Pattern(300000));
  AddMessage(FrameKind::kMessage, 1, "behind");
  EXPECT_GE(outbox_.queued_bytes(), 300006u);
  pipe_.answers = {SendResult::kSent, SendResult::kWouldBlock};
  Flush();
  EXPECT_LT(outbox_.queued_bytes(), 300000u);
  Flush();
  EXPECT_EQ(outbox_.queued_bytes(), 0u);
}

// Of any size, and also those that open a stream.
TEST_F(OutboxTest, CallsBeginInTheOrderOfTheirIds) {
  const std::size_t sizes[] = {10, 300'000, 20, 500'000, 0, 30, 300'000, 10};
  for (std::uint64_t id = 1; const std::size_t size : sizes) {
    AddMessage(FrameKind::kRequest, id++, Pattern(size));
  }
  outbox_.Add(Header(FrameKind::kRequest, 9));
  AddMessage(FrameKind::kMessage, 9, "of nine");
  outbox_.Add(Header(FrameKind::kHalfClose, 9));
  outbox_.Drop(7);
  Flush();
  AddMessage(FrameKind::kRequest, 10, "alone");
  Flush();
  std::vector<std::uint64_t> begun;
  for (const auto& frame : AllFrames()) {
    if (begun.empty() || frame.call_id > begun.back()) begun.push_back(frame.call_id);
  }
  EXPECT_THAT(begun, testing::ElementsAre(1, 2, 3, 4, 5, 6, 8, 9, 10));
  EXPECT_EQ(Joined(4), Pattern(500'000));
  EXPECT_EQ(Joined(9), "of nine");
}

TEST_F(OutboxTest, ALargeRequestIsHeldUntilItsFirstPieceLeaves) {
  AddMessage(FrameKind::kRequest, 1, Pattern(300000));
  EXPECT_TRUE(outbox_.HoldsRequest(1));
  EXPECT_FALSE(outbox_.HoldsRequest(2));
  pipe_.answers = {SendResult::kSent, SendResult::kWouldBlock};
  Flush();
  EXPECT_FALSE(outbox_.HoldsRequest(1));
  outbox_.Drop(1);
}

TEST_F(OutboxTest, ADroppedRequestThatWasNotBegunIsNeverSent) {
  AddMessage(FrameKind::kRequest, 1, Pattern(300000));
  outbox_.Drop(1);
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, ADeadPipeLeavesTheRequestsThatItDidNotTake) {
  AddMessage(FrameKind::kRequest, 1, "sent");
  Flush();
  for (std::uint64_t id = 2; id <= 6; ++id) AddMessage(FrameKind::kRequest, id, Pattern(30000));
  AddMessage(FrameKind::kRequest, 7, Pattern(300000));
  AddMessage(FrameKind::kMessage, 1, "no request");
  pipe_.error = absl::UnavailableError("gone");
  EXPECT_EQ(outbox_.Flush(pipe_).status(), pipe_.error);
  EXPECT_THAT(outbox_.UnsentRequests(), testing::UnorderedElementsAre(2u, 3u, 4u, 5u, 6u, 7u));
}

TEST_F(OutboxTest, AResponseCountsUntilThePipeHasTakenIt) {
  AddMessage(FrameKind::kMessage, 1, "not counted");
  for (std::uint64_t id = 1; id <= 6; ++id) AddMessage(FrameKind::kResponse, id, Pattern(30000));
  EXPECT_EQ(outbox_.counted(), 6u);
  pipe_.answers = {SendResult::kSent, SendResult::kPending};
  EXPECT_EQ(Flush(), SendResult::kPending);  // Two of them are in each packet.
  EXPECT_EQ(outbox_.counted(), 4u);
  outbox_.Add(Header(FrameKind::kResponse, 7));
  EXPECT_EQ(outbox_.counted(), 5u);
  outbox_.OnSent();
  EXPECT_EQ(outbox_.counted(), 3u);
  Flush();
  EXPECT_EQ(outbox_.counted(), 0u);
}

TEST_F(OutboxTest, ALargeResponseCountsUntilThePipeHasTakenItsLastPiece) {
  AddMessage(FrameKind::kResponse, 1, Pattern(150000));
  EXPECT_EQ(outbox_.counted(), 1u);
  pipe_.answers = {SendResult::kSent, SendResult::kPending};
  EXPECT_EQ(Flush(), SendResult::kPending);
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(outbox_.counted(), 1u);
  outbox_.OnSent();
  EXPECT_EQ(outbox_.counted(), 0u);
}

TEST_F(OutboxTest, ResponsesThatAreDroppedCountNoMore) {
  AddMessage(FrameKind::kMessage, 1, Pattern(300000));
  AddMessage(FrameKind::kResponse, 1, "behind it");
  AddMessage(FrameKind::kResponse, 2, Pattern(300000));
  EXPECT_EQ(outbox_.counted(), 2u);
  pipe_.answers = {SendResult::kSent, SendResult::kPending};
  Flush();
  outbox_.Drop(1);
  outbox_.Drop(2);  // The pipe reads it still.
  EXPECT_EQ(outbox_.counted(), 0u);
  outbox_.OnSent();
  EXPECT_EQ(outbox_.counted(), 0u);
}

TEST_F(OutboxTest, BuffersGoBackToThePool) {
  connection::BufferPool pool;
  const connection::BufferSource buffers{&pool, &large_};
  connection::Outbox outbox(buffers);
  const RawMessage message{"hello"};
  outbox.AddMessage(Header(FrameKind::kMessage, 1), OutMessage::Of(message));
  ASSERT_TRUE(outbox.Flush(pipe_).ok());
  EXPECT_GT(pool.Take().capacity(), 0u);
  EXPECT_EQ(pool.Take().capacity(), 0u);
}

}  // namespace
}  // namespace piperpc
