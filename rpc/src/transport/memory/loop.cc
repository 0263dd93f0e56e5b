#include "src/transport/memory/loop.h"

#include <utility>

namespace piperpc::transport {

bool MemoryLoop::Wait(TimePoint limit) {
  std::unique_lock lock(mutex_);
  if (limit != kNoWait) woken_.wait_until(lock, limit, [this] { return wake_; });
  return std::exchange(wake_, false);
}

void MemoryLoop::Wake() {
  const std::lock_guard lock(mutex_);
  wake_ = true;
  woken_.notify_one();
}

}  // namespace piperpc::transport
