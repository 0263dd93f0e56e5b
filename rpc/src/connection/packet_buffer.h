// Contiguous bytes on their way out or in, and the places where such buffers are kept for the next
// user.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "src/base/page_offset_buffer.h"

namespace piperpc::connection {

// Grows at its end; never zeroes what it gives out. Moves like a unique_ptr. Without memory to grow
// it throws std::bad_alloc, and is as before.
class PacketBuffer {
 public:
  PacketBuffer() = default;
  PacketBuffer(PacketBuffer&& other) noexcept;
  PacketBuffer& operator=(PacketBuffer&& other) noexcept;

  // Room for `bytes` more at the end. What data() gave before is no longer valid.
  char* Room(std::size_t bytes) {
    if (bytes > capacity_ - size_) Grow(size_ + bytes);
    return data_.get() + size_;
  }

  // So many bytes were written there, and are counted in size() from now on.
  void Extend(std::size_t bytes) { size_ += bytes; }

  // Both: room for bytes that are counted already.
  char* Append(std::size_t bytes) {
    char* const place = Room(bytes);
    Extend(bytes);
    return place;
  }

  // Makes room for `capacity` bytes in all.
  void Reserve(std::size_t capacity);

  void clear() { size_ = 0; }  // Keeps the memory.

  const char* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }

 private:
  void Grow(std::size_t least);
  void Move(std::size_t capacity);

  base::PageOffsetBuffer data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Buffers that are not in use, so that an idle connection needs none of its own. One for each loop;
// not thread-safe.
class BufferPool {
 public:
  PacketBuffer Take();
  void Give(PacketBuffer buffer);

 private:
  std::vector<PacketBuffer> free_;
};

// Large buffers that are not in use, of the whole process: memory that was just given back to the
// system costs a page fault for every 4 KiB of it. Keeps 32 MiB at the most. Thread-safe.
class LargeBufferPool {
 public:
  static LargeBufferPool& OfProcess();

  // An empty one: with room for `size` bytes if such a one is kept here, else with none.
  PacketBuffer Take(std::size_t size);
  void Give(PacketBuffer buffer);

  // Gives all of them back to the system.
  void Clear();

 private:
  internal::Mutex mutex_;
  std::vector<PacketBuffer> free_ ABSL_GUARDED_BY(mutex_);
  std::size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Of those.
};

// Where a connection's buffers come from, and go back to.
class BufferSource {
 public:
  // `pool` null: who needs small ones keeps its own. `large` null: those of the process, which is
  // another one in a child of fork(). Both outlive the source.
  explicit BufferSource(BufferPool* pool = nullptr, LargeBufferPool* large = nullptr)
      : pool_(pool), large_(large) {}

  BufferPool* pool() const { return pool_; }
  LargeBufferPool& large() const {
    return large_ != nullptr ? *large_ : LargeBufferPool::OfProcess();
  }

 private:
  BufferPool* const pool_;
  LargeBufferPool* const large_;
};

}  // namespace piperpc::connection
