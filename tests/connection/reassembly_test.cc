#include "src/connection/reassembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace piperpc {
namespace {

using wire::FrameKind;

constexpr std::size_t kLimit = 1000;

wire::Frame Part(std::string_view payload, bool more, std::uint64_t message_size = 0,
                 FrameKind kind = FrameKind::kMessage) {
  wire::Frame frame;
  frame.header.kind = kind;
  frame.header.call_id = 1;
  frame.header.flags = more ? wire::kMore : 0;
  frame.header.message_size = message_size;
  frame.payload = wire::Bytes(payload.data(), payload.size());
  return frame;
}

std::string Text(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

class MessageAssemblerTest : public testing::Test {
 protected:
  void ExpectMore(const wire::Frame& frame) {
    const absl::StatusOr<connection::MessageAssembler::Outcome> outcome =
        assembler_.Add(frame, kLimit, &budget_);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->result, connection::MessageAssembler::Result::kMore);
  }
  std::string ExpectWhole(const wire::Frame& frame) {
    const absl::StatusOr<connection::MessageAssembler::Outcome> outcome =
        assembler_.Add(frame, kLimit, &budget_);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return "";
    EXPECT_EQ(outcome->result, connection::MessageAssembler::Result::kWhole);
    return Text(outcome->message);
  }
  absl::StatusCode ErrorOf(const wire::Frame& frame) {
    const absl::StatusOr<connection::MessageAssembler::Outcome> outcome =
        assembler_.Add(frame, kLimit, &budget_);
    EXPECT_FALSE(assembler_.in_progress());
    return outcome.status().code();
  }

  connection::MemoryBudget server_{1000, "the server"};
  connection::MemoryShare budget_{100, "the connection", server_};
  connection::LargeBufferPool large_;
  const connection::BufferSource buffers_{nullptr, &large_};
  connection::MessageAssembler assembler_{buffers_};
};

TEST_F(MessageAssemblerTest, AMessageOfOneFrameIsAViewOfIt) {
  const std::string payload = "whole";
  const auto outcome = assembler_.Add(Part(payload, false), kLimit, &budget_);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->message.data(), payload.data());
  EXPECT_FALSE(assembler_.in_progress());
}

TEST_F(MessageAssemblerTest, AnEmptyMessageIsWhole) { EXPECT_EQ(ExpectWhole(Part("", false)), ""); }

TEST_F(MessageAssemblerTest, PartsAreJoined) {
  ExpectMore(Part("ab", true, 6));
  EXPECT_TRUE(assembler_.in_progress());
  ExpectMore(Part("cd", true));
  EXPECT_EQ(ExpectWhole(Part("ef", false)), "abcdef");
  EXPECT_FALSE(assembler_.in_progress());
}

TEST_F(MessageAssemblerTest, TheNextMessageBeginsAnew) {
  ExpectMore(Part("ab", true, 4));
  EXPECT_EQ(ExpectWhole(Part("cd", false)), "abcd");
  EXPECT_EQ(ExpectWhole(Part("x", false)), "x");
  ExpectMore(Part("ef", true, 4));
  EXPECT_EQ(ExpectWhole(Part("gh", false)), "efgh");
}

TEST_F(MessageAssemblerTest, AnAssembledMessageIsKeptWhereItIs) {
  ExpectMore(Part("ab", true, 4));
  const auto outcome = assembler_.Add(Part("cd", false), kLimit, &budget_);
  ASSERT_TRUE(outcome.ok());
  const wire::Bytes kept = assembler_.Keep(outcome->message);
  EXPECT_EQ(kept.data(), outcome->message.data());
  EXPECT_EQ(Text(kept), "abcd");
  assembler_.Clear();
  EXPECT_TRUE(budget_.Take(100));
}

TEST_F(MessageAssemblerTest, AWholeMessageIsKeptWhenItsPacketGoes) {
  std::string packet = "abc";
  const auto outcome = assembler_.Add(Part(packet, false), kLimit, &budget_);
  ASSERT_TRUE(outcome.ok());
  const wire::Bytes kept = assembler_.Keep(outcome->message);
  packet = "xyz";
  EXPECT_EQ(Text(kept), "abc");
}

TEST_F(MessageAssemblerTest, MoreWithoutASizeIsAViolation) {
  EXPECT_EQ(ErrorOf(Part("ab", true)), absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, ASizeBelowTheFirstFrameIsAViolation) {
  EXPECT_EQ(ErrorOf(Part("abc", true, 3)), absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, AWrongSizeOfTheOnlyFrameIsAViolation) {
  EXPECT_EQ(ErrorOf(Part("abc", false, 4)), absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, AnEmptyPartIsAViolation) {
  ExpectMore(Part("ab", true, 4));
  EXPECT_EQ(ErrorOf(Part("", true)), absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, TooManyBytesAreAViolation) {
  ExpectMore(Part("ab", true, 4));
  EXPECT_EQ(ErrorOf(Part("cde", false)), absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, TooFewBytesAreAViolation) {
  ExpectMore(Part("ab", true, 4));
  EXPECT_EQ(ErrorOf(Part("c", false)), absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, MoreAtTheFullSizeIsAViolation) {
  ExpectMore(Part("ab", true, 4));
  EXPECT_EQ(ErrorOf(Part("cd", true)), absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, AnotherKindInTheMiddleIsAViolation) {
  ExpectMore(Part("ab", true, 4));
  EXPECT_EQ(ErrorOf(Part("cd", false, 0, FrameKind::kResponse)),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(MessageAssemblerTest, AMessageAboveTheLimitNamesSizeAndLimit) {
  const auto outcome = assembler_.Add(Part("ab", true, 1001), kLimit, &budget_);
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(outcome.status().message()),
              testing::AllOf(testing::HasSubstr("1001"), testing::HasSubstr("1000")));
  EXPECT_EQ(ErrorOf(Part(std::string(1001, 'x'), false)), absl::StatusCode::kResourceExhausted);
}

TEST_F(MessageAssemblerTest, TheBudgetIsChargedForBytesThatCameNotForThosePromised) {
  ExpectMore(Part("ab", true, 999));
  EXPECT_TRUE(budget_.Take(98));
  EXPECT_EQ(ErrorOf(Part("c", true)), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(budget_.Take(2));
}

TEST_F(MessageAssemblerTest, AnAssemblerThatGoesAwayGivesItsShareBack) {
  {
    connection::MessageAssembler other(buffers_);
    ASSERT_TRUE(other.Add(Part(std::string(90, 'x'), true, 200), kLimit, &budget_).ok());
    EXPECT_FALSE(budget_.Take(11));
  }
  EXPECT_TRUE(budget_.Take(100));
}

// Buffers that were used before are large from the first frame on.
class LargeMessageAssemblerTest : public testing::Test {
 protected:
  static constexpr std::size_t kSize = 1 << 20;

  LargeMessageAssemblerTest() {
    connection::PacketBuffer used;
    used.Reserve(kSize);
    large_.Give(std::move(used));
  }

  // Adds the first or the last half of a message of kSize bytes.
  void AddHalf(connection::MessageAssembler& assembler, connection::MemoryShare& share,
               bool first) {
    ASSERT_TRUE(assembler.Add(Part(half_, first, first ? kSize : 0), kSize, &share).ok());
  }

  connection::LargeBufferPool large_;
  const connection::BufferSource buffers_{nullptr, &large_};
  const std::string half_ = std::string(kSize / 2, 'x');
  connection::MemoryBudget server_{8 * kSize, "the server"};
};

TEST_F(LargeMessageAssemblerTest, ABufferThatWasUsedBeforeIsCountedWhole) {
  connection::MemoryShare share(4 * kSize, "the connection", server_);
  connection::MessageAssembler assembler(buffers_);
  AddHalf(assembler, share, true);
  EXPECT_EQ(share.used(), kSize);
  EXPECT_EQ(large_.Take(kSize).capacity(), 0u);
  AddHalf(assembler, share, false);
  EXPECT_EQ(assembler.charged(), kSize);
  assembler.Clear();
  EXPECT_EQ(share.used(), 0u);
}

TEST_F(LargeMessageAssemblerTest, ABufferThatIsLargerThanItsMessageIsCountedNoLongerThanNeeded) {
  connection::MemoryShare share(4 * kSize, "the connection", server_);
  connection::MessageAssembler assembler(buffers_);
  constexpr std::size_t kLess = kSize * 3 / 4;
  ASSERT_TRUE(assembler.Add(Part(half_, true, kLess), kSize, &share).ok());
  EXPECT_EQ(share.used(), kSize);
  ASSERT_TRUE(assembler.Add(Part(half_.substr(0, kSize / 4), false), kSize, &share).ok());
  EXPECT_EQ(share.used(), kLess);
}

TEST_F(LargeMessageAssemblerTest, AConnectionWithLittleRoomLeftUsesNone) {
  connection::MemoryShare share(2 * kSize, "the connection", server_);
  connection::MessageAssembler assembler(buffers_);
  AddHalf(assembler, share, true);
  EXPECT_EQ(share.used(), kSize / 2);
  EXPECT_EQ(large_.Take(kSize).capacity(), kSize);
}

TEST_F(MessageAssemblerTest, WithoutABudgetOnlyTheLimitCounts) {
  ASSERT_TRUE(assembler_.Add(Part(std::string(500, 'x'), true, 1000), kLimit, nullptr).ok());
  ASSERT_TRUE(assembler_.Add(Part(std::string(500, 'x'), false), kLimit, nullptr).ok());
}

}  // namespace
}  // namespace piperpc
