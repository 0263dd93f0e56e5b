// What two in-memory pipes have in common: one bounded queue of packets each way.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"

namespace piperpc::transport {

class MemoryPipe;

// A sender that would exceed it waits; about what a socket's buffer holds.
inline constexpr std::size_t kMemoryQueueBytes = 1024 * 1024;

// One end. What the other end may see and touch of it, under the lock of the wire.
struct MemoryEnd {
  bool HasRoom(std::size_t size) const { return bytes == 0 || bytes + size <= kMemoryQueueBytes; }

  std::deque<std::string> inbox;  // Packets that arrived and were not received.
  std::size_t bytes = 0;          // In `inbox`.
  bool open = true;
  bool receiving = false;  // A Receive() is outstanding; so `pipe` is attached and there.
  bool sending = false;    // A Send() is pending; the same.
  MemoryPipe* pipe = nullptr;
  std::condition_variable arrived;  // A packet for ReceiveUntil(), or the end.
};

struct MemoryWire {
  internal::Mutex mutex;
  std::array<MemoryEnd, 2> ends ABSL_GUARDED_BY(mutex);
};

}  // namespace piperpc::transport
