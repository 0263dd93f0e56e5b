#include "src/transport/memory/loop.h"

#include <utility>

namespace piperpc::transport {

bool MemoryLoop::Wait(base::TimePoint limit) {
  internal::MutexLock lock(mutex_);
  bool in_time = limit != kNoWait;
  while (!wake_ && in_time) in_time = lock.WaitUntil(woken_, limit);
  return std::exchange(wake_, false);
}

void MemoryLoop::Wake() {
  const internal::MutexLock lock(mutex_);
  wake_ = true;
  woken_.notify_one();
}

}  // namespace piperpc::transport
