// What every loop has in common: the order of an iteration, posted work, timers and deferred work.
// A system's loop adds how it waits and how it is woken.
#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "src/base/export_to_testing.h"
#include "src/transport/event_loop.h"
#include "src/transport/loop/adaptive_spin.h"
#include "src/transport/loop/deferred_queue.h"
#include "src/transport/loop/polled_sources.h"
#include "src/transport/loop/post_queue.h"
#include "src/transport/timer_queue.h"

namespace piperpc::transport {

class PIPERPC_EXPORT_TO_TESTING LoopBase : public EventLoop {
 public:
  void set_spin(const SpinOptions& options) final;
  void Run() final;
  void Stop() final { posted_.Stop(); }
  void Post(absl::AnyInvocable<void()> work) final { posted_.Push(std::move(work), InLoop()); }
  bool InLoop() const final;
  void Schedule(Timer& timer, base::TimePoint when) final { timers_.Schedule(timer, when); }
  void Cancel(Timer& timer) final { timers_.Cancel(timer); }
  void Defer(Deferred& work) final { deferred_.Add(work); }
  void Undefer(Deferred& work) final { deferred_.Remove(work); }
  void AddPolled(Polled& source) final { polled_.Add(source); }
  void RemovePolled(Polled& source) final { polled_.Remove(source); }

 protected:
  // A limit for Wait() that has always passed: take what is there, do not wait.
  static constexpr base::TimePoint kNoWait = base::TimePoint::min();

  LoopBase();

  // Waits for completions until `limit` (kNever: for ever), and delivers them. False: there was
  // none, nor a Wake(). Loop thread.
  virtual bool Wait(base::TimePoint limit) = 0;

  // Makes a Wait() that is going on, or the next one, return. Any thread.
  virtual void Wake() = 0;

  // A Wait() that does not wait takes a small part of what it takes to sleep and to be woken, and
  // others may be at work meanwhile on what is waited for.
  virtual bool looks_may_pay() const { return false; }

 private:
  bool Iterate();  // True: it was the last one.
  bool WaitAwake(base::TimePoint limit);
  bool LookOnce();

  std::atomic<std::thread::id> thread_;
  base::Duration spin_ = base::Duration::zero();
  std::optional<AdaptiveSpin> adaptive_;
  PostQueue posted_;
  TimerQueue timers_;
  DeferredQueue deferred_;
  PolledSources polled_;
};

}  // namespace piperpc::transport
