#include "tools/piperpc/command_deadline.h"

#include <condition_variable>
#include <mutex>

namespace piperpc::cli {

void CommandDeadline::Pause(std::chrono::milliseconds time) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop_, std::min(time, left().value_or(time)), [] { return false; });
}

}  // namespace piperpc::cli
