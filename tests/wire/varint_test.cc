#include "src/wire/varint.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace piperpc::wire {
namespace {

TEST(VarintTest, EveryWidthComesBackInItsSize) {
  for (int bits = 0; bits < 64; ++bits) {
    for (std::uint64_t value : {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1,
                                std::numeric_limits<std::uint64_t>::max() >> bits}) {
      char buffer[kMaxVarintBytes];
      char* const end = PutVarint(value, buffer);
      EXPECT_EQ(static_cast<std::size_t>(end - buffer), VarintSize(value)) << value;
      std::uint64_t decoded = 0;
      EXPECT_EQ(GetVarint(buffer, end, decoded), end);
      EXPECT_EQ(decoded, value);
    }
  }
}

TEST(VarintTest, OneByteEndsAt127) {
  EXPECT_EQ(VarintSize(0), 1u);
  EXPECT_EQ(VarintSize(127), 1u);
  EXPECT_EQ(VarintSize(128), 2u);
  EXPECT_EQ(VarintSize(std::numeric_limits<std::uint64_t>::max()), kMaxVarintBytes);
}

TEST(VarintTest, LongerThanNeededIsRead) {
  const std::string bytes("\x85\x80\x00", 3);
  std::uint64_t value = 0;
  EXPECT_EQ(GetVarint(bytes.data(), bytes.data() + 3, value), bytes.data() + 3);
  EXPECT_EQ(value, 5u);
}

TEST(VarintTest, CutOffLeavesTheValue) {
  const std::string bytes("\x85\x80", 2);
  std::uint64_t value = 42;
  for (std::size_t size = 0; size <= 2; ++size) {
    EXPECT_EQ(GetVarint(bytes.data(), bytes.data() + size, value), nullptr);
  }
  EXPECT_EQ(value, 42u);
}

TEST(VarintTest, LengthPrefixIsLittleEndian) {
  char bytes[4];
  PutU32(0x01020384, bytes);
  EXPECT_EQ(std::string(bytes, 4), "\x84\x03\x02\x01");
  EXPECT_EQ(GetU32(bytes), 0x01020384u);
}

}  // namespace
}  // namespace piperpc::wire
