#include <stdexcept>

#include "piperpc/async.h"

namespace piperpc::internal {

TaskEnd::TaskEnd() {
  if (Executor::Current() == nullptr) return;
  throw std::logic_error(
      "SyncWait() would block the thread of an event loop; co_await the task there");
}

// Its owner is let go only with the mutex, so that nothing of this is touched when it is gone.
void TaskEnd::Set(void* self) {
  TaskEnd& end = *static_cast<TaskEnd*>(self);
  const MutexLock lock(end.mutex_);
  end.ended_ = true;
  end.changed_.notify_all();
}

void TaskEnd::Wait() {
  MutexLock lock(mutex_);
  while (!ended_) lock.Wait(changed_);
}

}  // namespace piperpc::internal
