// Work that other threads hand to a loop, and the loop's sleep, which that work ends.
//
// An iteration of the loop nearly always finds nothing here, and takes no lock to see that.
#pragma once

#include <atomic>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "piperpc/internal/mutex.h"
#include "src/base/export_to_testing.h"

namespace piperpc::transport {

class PIPERPC_EXPORT_TO_TESTING PostQueue {
 public:
  using Work = absl::AnyInvocable<void()>;

  // `wake` ends the loop's wait. It is called only while the loop waits, and once for each wait.
  explicit PostQueue(Work wake) : wake_(std::move(wake)) {}

  // Any thread. `in_loop`: it is the loop that pushes, which will see it without being woken.
  void Push(Work work, bool in_loop);
  void Stop();  // Any thread. The RunAll() that comes next tells.

  // The loop is about to wait. False: there is work, so it must not wait.
  bool BeginWait();

  // Runs, in order, what was pushed before the call. True when Stop() was called; all that was
  // pushed before it has run then.
  bool RunAll();

 private:
  // Each side exchanges it, so of a push and a wait that meet, the one that comes second sees the
  // first.
  enum class State {
    kAwake,    // The loop looks here before it waits.
    kWaits,    // It has to be woken.
    kHasWork,  // There is work, or a stop. Perhaps it was taken already: the loop looks in vain.
  };

  static void RunOne(Work& work);

  // The loop takes the lock to see what was pushed: so it cannot have seen that, ended and gone in
  // between.
  void Tell(bool in_loop) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  internal::Mutex mutex_;
  Work wake_;
  std::vector<Work> pushed_ ABSL_GUARDED_BY(mutex_);
  std::vector<Work> running_;  // Loop thread only; kept for its capacity.
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<State> state_ = State::kAwake;
};

}  // namespace piperpc::transport
