#include "src/connection/packet_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/base/memory.h"
#include "src/base/per_process.h"

namespace piperpc::connection {
namespace {

constexpr std::size_t kLeastCapacity = 512;
constexpr std::size_t kMostFree = 16;             // Buffers in a pool,
constexpr std::size_t kLargestFree = 512 * 1024;  // and the largest of them, in bytes.

constexpr std::size_t kLeastLarge = 64 * 1024;  // Smaller ones come from malloc() soon enough.
constexpr std::size_t kLargeKept = 32 * 1024 * 1024;  // Of all together.

// Used to the very end of the process.
constinit base::PerProcess<LargeBufferPool> large_buffers;

// What is kept for later gives way to what is needed now.
base::PageOffsetBuffer NewBytes(std::size_t size) {
  return base::RunInMemory([size] { return base::NewPageOffsetBuffer(size); },
                           [size] {
                             LargeBufferPool::OfProcess().Clear();
                             return base::NewPageOffsetBuffer(size);
                           });
}

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

void PacketBuffer::Reserve(std::size_t capacity) {
  if (capacity > capacity_) Move(capacity);
}

void PacketBuffer::Grow(std::size_t least) {
  Move(std::max({least, capacity_ * 2, kLeastCapacity}));
}

void PacketBuffer::Move(std::size_t capacity) {
  auto data = NewBytes(capacity);
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
  // Without memory for it, it goes back to the system.
  base::RunInMemory([&] { free_.push_back(std::move(buffer)); }, [] {});
}

LargeBufferPool& LargeBufferPool::OfProcess() { return large_buffers.Get(); }

PacketBuffer LargeBufferPool::Take(std::size_t size) {
  if (size < kLeastLarge) return {};
  const internal::MutexLock lock(mutex_);
  auto best = free_.end();
  for (auto each = free_.begin(); each != free_.end(); ++each) {
    if (each->capacity() < size) continue;
    if (best == free_.end() || each->capacity() < best->capacity()) best = each;
  }
  if (best == free_.end()) return {};
  std::swap(*best, free_.back());
  PacketBuffer taken = std::move(free_.back());
  free_.pop_back();
  bytes_ -= taken.capacity();
  return taken;
}

void LargeBufferPool::Give(PacketBuffer buffer) {
  if (buffer.capacity() < kLeastLarge) return;
  const internal::MutexLock lock(mutex_);
  const std::size_t capacity = buffer.capacity();
  if (capacity > kLargeKept - bytes_) return;
  buffer.clear();
  base::RunInMemory(
      [&] {
        mutex_.AssertHeld();
        free_.push_back(std::move(buffer));
        bytes_ += capacity;
      },
      [] {});  // As above.
}

void LargeBufferPool::Clear() {
  const internal::MutexLock lock(mutex_);
  free_.clear();
  bytes_ = 0;
}

}  // namespace piperpc::connection
