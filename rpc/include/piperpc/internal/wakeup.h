// How a client's call wakes the coroutine that awaits it.
#pragma once

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/executor.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/posted_wake.h"

namespace piperpc::internal {

// Shared by an awaiter and by what it gave to a call. The awaiter lives in its coroutine's frame
// and detaches when that is destroyed; what fires after that does nothing.
class Wakeup : public std::enable_shared_from_this<Wakeup> {
 public:
  // `wake(argument)` runs on `executor`, the awaiting one. When there was none, or it has ended, in
  // Fire().
  Wakeup(Executor::Handle executor, void (*wake)(void*), void* argument)
      : executor_(std::move(executor)), wake_(wake), argument_(argument) {}

  // Any thread. Once for each time that something was given to the call.
  void Fire() { WakeOn(executor_, Waking{shared_from_this()}); }

  // On the executor's thread: nothing wakes after this.
  void Detach() {
    const MutexLock lock(mutex_);
    argument_ = nullptr;
  }

 private:
  struct Waking {
    std::shared_ptr<Wakeup> wakeup;
    explicit operator bool() const { return wakeup != nullptr; }
    void operator()() const { wakeup->Wake(); }
  };

  void Wake() {
    void* argument = nullptr;
    {
      const MutexLock lock(mutex_);
      argument = argument_;
    }
    if (argument != nullptr) wake_(argument);
  }

  const Executor::Handle executor_;
  void (*const wake_)(void*);
  Mutex mutex_;
  void* argument_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace piperpc::internal
