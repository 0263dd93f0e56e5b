// A thread's loop: it completes the operations of pipes, fires timers and runs posted work.
//
// An iteration of the loop: wait for completions (never longer than the next timer), deliver them,
// run what was posted, fire timers, then run what was deferred. Deferred work is where a connection
// puts all the frames that an iteration made ready into one packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "src/base/clock.h"

namespace piperpc::transport {

class EventLoop {
 public:
  // A deadline that is set and reset without allocation, so that none is refused. Lives in its
  // owner, which cancels it before it goes away. Loop thread only.
  class Timer {
   public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    bool scheduled() const { return place_ != Place::kNowhere; }

   protected:
    ~Timer() = default;

   private:
    friend class TimerQueue;
    virtual void OnTimer() = 0;  // Not scheduled any more when it is called.
    enum class Place : std::uint8_t { kNowhere, kInLine, kInHeap };
    Place place_ = Place::kNowhere;
    base::TimePoint when_;
    // Its neighbours, in line or among the children of the same parent in the heap. For the first
    // child, `ahead_` is the parent.
    Timer* ahead_ = nullptr;
    Timer* behind_ = nullptr;
    Timer* below_ = nullptr;  // In the heap: its first child.
  };

  // Work for the end of this iteration; lives in its owner, which must outlive the call or
  // Undefer() it. Loop thread only.
  class Deferred {
   public:
    Deferred() = default;
    Deferred(const Deferred&) = delete;
    Deferred& operator=(const Deferred&) = delete;

   protected:
    ~Deferred() = default;

   private:
    friend class DeferredQueue;
    virtual void OnIterationEnd() = 0;
    Deferred* next_ = nullptr;
    Deferred* previous_ = nullptr;
    bool queued_ = false;
  };

  // Something that does not wake the loop by itself, and so is looked at again and again; memory
  // that another process writes to, for example. Lives in its owner. Loop thread only.
  class Polled {
   public:
    Polled() = default;
    Polled(const Polled&) = delete;
    Polled& operator=(const Polled&) = delete;

    // Takes what there is. False: there was nothing. In each iteration, and while the loop spins.
    virtual bool Poll() = 0;

    // The loop is about to sleep. From now on to the next Poll(), whatever comes must wake it, with
    // Post(). False: something has come already.
    virtual bool MaySleep() = 0;

   protected:
    ~Polled() = default;
  };

  virtual ~EventLoop() = default;  // Not while Run() runs.
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // How it waits, in the words of Transport::name(); a transport may have loops of several kinds.
  virtual std::string_view name() const = 0;

  // The time that its timers are counted in, which whatever runs on it asks for. Any thread.
  virtual base::TimePoint Now() const { return base::Clock::now(); }

  // How many iterations have begun. Loop thread.
  std::uint64_t iterations() const { return iterations_; }

  // What a loop does that has nothing to do, before it sleeps.
  struct SpinOptions {
    // It looks for completions for this long.
    base::Duration always = base::Duration::zero();
    // Without that: it looks as long as that has been worth it lately, where a look costs little.
    bool adaptive = false;
  };

  // Those of a server, a channel or an I/O thread.
  template <typename Options>
  static SpinOptions SpinOf(const Options& options) {
    return {.always = options.spin, .adaptive = options.adaptive_spin};
  }

  // Before Run().
  virtual void set_spin(const SpinOptions& options) = 0;

  // Runs the loop on the calling thread until Stop(). Work posted before Stop() is still run.
  virtual void Run() = 0;

  // Ends Run() after its current iteration. Any thread.
  virtual void Stop() = 0;

  // Runs `work` on the loop, after what was posted before. Any thread. Never runs it in place.
  virtual void Post(absl::AnyInvocable<void()> work) = 0;

  // True on the thread inside Run().
  virtual bool InLoop() const = 0;

  // Fires `timer` at or soon after `when`; moves it when it is scheduled already. Loop thread.
  virtual void Schedule(Timer& timer, base::TimePoint when) = 0;
  virtual void Cancel(Timer& timer) = 0;  // Nothing when it is not scheduled.

  // Calls `work` at the end of this iteration; once, however often it is deferred. Loop thread.
  virtual void Defer(Deferred& work) = 0;
  virtual void Undefer(Deferred& work) = 0;  // Nothing when it is not queued.

  // Looks at `source` from now on; once for each. Not any more; nothing when it does not. Loop
  // thread.
  virtual void AddPolled(Polled& source) = 0;
  virtual void RemovePolled(Polled& source) = 0;

 protected:
  EventLoop() = default;
  void BeginIteration() { ++iterations_; }

 private:
  std::uint64_t iterations_ = 0;
};

}  // namespace piperpc::transport
