// Work that other threads hand to a loop, and the loop's sleep, which that work ends.
#pragma once

#include <mutex>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace piperpc::transport {

class PostQueue {
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
  // With the lock held, so that the loop cannot have seen the work, ended and gone in between.
  void WakeIfWaiting();

  std::mutex mutex_;
  Work wake_;
  std::vector<Work> pushed_;
  std::vector<Work> running_;  // Loop thread only; kept for its capacity.
  bool waiting_ = false;
  bool stop_ = false;
};

}  // namespace piperpc::transport
