#include "src/session/packet_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace piperpc {
namespace {

constexpr std::size_t kLeastCapacity = 512;
constexpr std::size_t kMostFree = 16;             // Buffers in a pool,
constexpr std::size_t kLargestFree = 512 * 1024;  // and the largest of them, in bytes.

}  // namespace

PacketBuffer::PacketBuffer(PacketBuffer&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

PacketBuffer& PacketBuffer::operator=(PacketBuffer&& other) noexcept {
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

char* PacketBuffer::Append(std::size_t bytes) {
  if (bytes > capacity_ - size_) Grow(size_ + bytes);
  char* const place = data_.get() + size_;
  size_ += bytes;
  return place;
}

void PacketBuffer::Grow(std::size_t least) {
  const std::size_t capacity = std::max({least, capacity_ * 2, kLeastCapacity});
  auto data = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ != 0) std::memcpy(data.get(), data_.get(), size_);
  data_ = std::move(data);
  capacity_ = capacity;
}

PacketBuffer BufferPool::Take() {
  if (free_.empty()) return {};
  PacketBuffer buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

void BufferPool::Give(PacketBuffer buffer) {
  if (buffer.capacity() == 0 || buffer.capacity() > kLargestFree) return;
  if (free_.size() == kMostFree) return;
  buffer.clear();
  free_.push_back(std::move(buffer));
}

}  // namespace piperpc
