// An executor runs work on one thread; coroutines are resumed on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "piperpc/export.h"

namespace piperpc {

// A queue of work that one thread runs in order. Every event loop of a server or a channel is one:
// a coroutine that waits for something is resumed on the executor that it was suspended on. When
// that has ended: on the thread that ended it, or that wakes the coroutine up.
//
// Work must not throw: an exception that leaves it is dropped, and the executor goes on.
class PIPERPC_EXPORT Executor {
  struct Gate;

 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using TimerId = std::uint64_t;

  // A reference that may outlive the executor; an empty handle refers to none. Cheap to copy.
  // Thread-safe.
  class Handle {
   public:
    Handle() = default;
    explicit operator bool() const { return gate_ != nullptr; }

    // As Executor::Post(). False: the executor is gone, and `work` was destroyed without running.
    bool Post(absl::AnyInvocable<void()> work) const;

    // As Post(), but runs `work` in place when the executor is gone.
    void PostOrRun(absl::AnyInvocable<void()> work) const;

    // As Executor::CancelTimer(); does nothing when the executor is gone.
    void CancelTimer(TimerId timer) const;

   private:
    friend class Executor;
    bool TryToPost(absl::AnyInvocable<void()>& work) const;
    explicit Handle(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
    std::shared_ptr<Gate> gate_;
  };

  Executor();
  virtual ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // The current time, on the clock of PostAt(). Any thread.
  virtual TimePoint Now() const { return std::chrono::steady_clock::now(); }

  // Runs `work` on the executor's thread, never before this returns on that thread. Any thread.
  virtual void Post(absl::AnyInvocable<void()> work) = 0;

  // Runs `work` at `when` or later; time_point::max() is never. Work whose time has not come when
  // the executor ends is destroyed without running. Any thread.
  virtual TimerId PostAt(TimePoint when, absl::AnyInvocable<void()> work) = 0;

  // Destroys the work of PostAt(), unless it has begun to run. Any thread; on the executor's own
  // thread it is destroyed when this returns.
  virtual void CancelTimer(TimerId timer) = 0;

  // A handle to this executor, such as one that runs a coroutine on it (run_on.h). Any thread.
  Handle handle() const { return Handle(gate_); }

  // The executor whose thread this is; null on all other threads.
  static Executor* Current();

  // The same as a handle; empty on all other threads.
  static Handle CurrentHandle();

 protected:
  // While it lives, Current() is `executor` on this thread.
  class Scope {
   public:
    explicit Scope(Executor* executor);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Executor* const previous_;
  };

  // Disconnects all handles. A derived class whose handles other threads may use while it is
  // destroyed must call this first in its destructor.
  void CloseHandles();

 private:
  const std::shared_ptr<Gate> gate_;
};

}  // namespace piperpc
