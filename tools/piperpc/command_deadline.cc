#include "tools/piperpc/command_deadline.h"

#include <condition_variable>

#include "piperpc/internal/mutex.h"

namespace piperpc::cli {

void CommandDeadline::Pause(std::chrono::milliseconds time) const {
  internal::Mutex mutex;
  std::condition_variable_any never;
  const internal::MutexLock lock(mutex);
  never.wait_for(mutex, stop_, std::min(time, left().value_or(time)), [] { return false; });
}

}  // namespace piperpc::cli
