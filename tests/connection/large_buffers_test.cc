#include <utility>

#include "gtest/gtest.h"
#include "src/connection/packet_buffer.h"

namespace piperpc {
namespace {

constexpr std::size_t kKilobyte = 1024;
constexpr std::size_t kMegabyte = 1024 * kKilobyte;

connection::PacketBuffer BufferOf(std::size_t capacity) {
  connection::PacketBuffer buffer;
  buffer.Reserve(capacity);
  return buffer;
}

TEST(LargeBuffersTest, GivesWhatItWasGivenAndOnlyOnce) {
  connection::LargeBufferPool buffers;
  connection::PacketBuffer buffer = BufferOf(kMegabyte);
  *buffer.Append(1) = 'x';
  const char* const memory = buffer.data();
  buffers.Give(std::move(buffer));
  const connection::PacketBuffer again = buffers.Take(kMegabyte);
  EXPECT_EQ(again.data(), memory);
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(buffers.Take(kMegabyte).capacity(), 0u);
}

TEST(LargeBuffersTest, GivesTheSmallestThatHasRoom) {
  connection::LargeBufferPool buffers;
  for (const std::size_t capacity : {4 * kMegabyte, kMegabyte, 2 * kMegabyte}) {
    buffers.Give(BufferOf(capacity));
  }
  EXPECT_EQ(buffers.Take(kMegabyte + 1).capacity(), 2 * kMegabyte);
  EXPECT_EQ(buffers.Take(kMegabyte + 1).capacity(), 4 * kMegabyte);
  EXPECT_EQ(buffers.Take(kMegabyte + 1).capacity(), 0u);
}

TEST(LargeBuffersTest, LeavesSmallOnesToTheAllocator) {
  connection::LargeBufferPool buffers;
  buffers.Give(BufferOf(kKilobyte));
  buffers.Give(BufferOf(kMegabyte));
  EXPECT_EQ(buffers.Take(kKilobyte).capacity(), 0u);
}

TEST(LargeBuffersTest, KeepsOnlySoMuch) {
  connection::LargeBufferPool buffers;
  for (int i = 0; i < 100; ++i) buffers.Give(BufferOf(kMegabyte));
  std::size_t kept = 0;
  while (buffers.Take(kMegabyte).capacity() != 0) ++kept;
  EXPECT_EQ(kept, 32u);
}

}  // namespace
}  // namespace piperpc
