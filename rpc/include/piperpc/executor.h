// Where coroutines are resumed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"

namespace piperpc {

// A queue of work that one thread runs in order. Every event loop of a server or a channel is one:
// a coroutine that waits for something is resumed on the executor that it was suspended on.
//
// Work must not throw: an exception that leaves it is dropped, and the executor goes on.
class Executor {
  struct Gate;

 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using TimerId = std::uint64_t;

  // A reference that may outlive the executor. Empty, it refers to none. Copies are cheap; any
  // thread.
  class Handle {
   public:
    Handle() = default;
    explicit operator bool() const { return gate_ != nullptr; }

    // As Executor::Post(). False: the executor is gone, and `work` was destroyed without being run.
    bool Post(absl::AnyInvocable<void()> work) const;

    // As Executor::CancelTimer(); nothing when the executor is gone.
    void CancelTimer(TimerId timer) const;

   private:
    friend class Executor;
    explicit Handle(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
    std::shared_ptr<Gate> gate_;
  };

  Executor();
  virtual ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // The time that PostAt() counts in. Any thread.
  virtual TimePoint Now() const { return std::chrono::steady_clock::now(); }

  // Runs `work` on the executor's thread, never in place. Any thread.
  virtual void Post(absl::AnyInvocable<void()> work) = 0;

  // The same, not before `when`; time_point::max() is never. Any thread. Work whose time has not
  // come when the executor ends is destroyed without being run.
  virtual TimerId PostAt(TimePoint when, absl::AnyInvocable<void()> work) = 0;

  // Destroys what PostAt() took, unless it has begun to run. Any thread; on the executor's own it
  // is done when this returns.
  virtual void CancelTimer(TimerId timer) = 0;

  // The executor whose thread this is; null on all other threads.
  static Executor* Current();

  // The same as a handle; empty on all other threads.
  static Handle CurrentHandle();

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

  // Handles reach the executor no more. A derived class whose handles may be used by other threads
  // while it is destroyed calls this first in its destructor.
  void CloseHandles();

 private:
  const std::shared_ptr<Gate> gate_;
};

}  // namespace piperpc
