// Where coroutines are resumed.
#pragma once

#include <chrono>

#include "absl/functional/any_invocable.h"

namespace piperpc {

// A queue of work that one thread runs in order. Every event loop of a server or a channel is one:
// a coroutine that waits for something is resumed on the executor that it was suspended on.
class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `work` on the executor's thread, never in place. Any thread.
  virtual void Post(absl::AnyInvocable<void()> work) = 0;

  // The same, not before `when`. Any thread. Work whose time has not come when the executor ends is
  // destroyed without being run.
  virtual void PostAt(std::chrono::steady_clock::time_point when,
                      absl::AnyInvocable<void()> work) = 0;

  // The executor whose thread this is; null on all other threads.
  static Executor* Current();

 protected:
  // Says for its lifetime that this thread is `executor`'s.
  class Scope {
   public:
    explicit Scope(Executor* executor);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Executor* const previous_;
  };
};

}  // namespace piperpc
