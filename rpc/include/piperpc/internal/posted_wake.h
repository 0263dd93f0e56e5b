// Resumes a waiting coroutine on the executor that it was suspended on.
#pragma once

#include <exception>
#include <utility>

#include "piperpc/executor.h"

namespace piperpc::internal {

// Runs `wake` once: on the executor's thread, or, when the executor ends before that, on the thread
// that ends it, so that nobody waits for ever. `Wake` is false when it was moved from.
template <typename Wake>
class PostedWake {
 public:
  explicit PostedWake(Wake wake) : wake_(std::move(wake)) {}
  PostedWake(PostedWake&&) noexcept = default;
  PostedWake& operator=(PostedWake&&) = delete;

  // Does not run `wake` when posting it failed for lack of memory: the executor still runs, and
  // must not be bypassed.
  ~PostedWake() {
    if (wake_ && std::uncaught_exceptions() == 0) wake_();
  }
  void operator()() {
    Wake wake = std::move(wake_);
    wake();
  }

 private:
  Wake wake_;
};

// Without an executor, and where it has ended, `wake` runs in place. Throws std::bad_alloc.
template <typename Wake>
void WakeOn(const Executor::Handle& executor, Wake wake) {
  if (!executor) return wake();
  executor.PostOrRun(PostedWake<Wake>(std::move(wake)));
}

}  // namespace piperpc::internal
