// An event loop that runs on the test's thread, step by step, in a time that the test sets: so the
// same steps always do the same.
#pragma once

#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "src/connection/loop_executor.h"
#include "src/transport/event_loop.h"
#include "src/transport/loop/deferred_queue.h"
#include "src/transport/timer_queue.h"

namespace piperpc::testing {

struct ManualClock {
  base::TimePoint now = base::TimePoint(std::chrono::hours(1));
};

// Its own thread runs it; others may only post.
class SteppedLoop final : public transport::EventLoop {
 public:
  explicit SteppedLoop(const ManualClock& clock) : clock_(clock) {}

  void RunOnce() {
    RunWhile([] { return false; });
  }
  void RunUntilIdle() {
    RunWhile([this] { return HasWork(); });
  }

  // An iteration would do something; the next timer that could make it.
  bool HasWork() {
    const std::lock_guard lock(mutex_);
    return !posted_.empty() || !deferred_.empty() || timers_.next() <= Now();
  }
  base::TimePoint next_timer() const { return timers_.next(); }

  // From now on, what this thread posts while the loop does not run makes it run until it is idle:
  // for who posts something and waits for it.
  void RunPostsAtOnce() { posts_run_ = true; }

  std::string_view name() const override { return "stepped"; }
  base::TimePoint Now() const override { return clock_.now; }
  void set_spin(const SpinOptions&) override {}
  void Run() override { step_(); }
  void Stop() override {}
  bool InLoop() const override { return running_ && std::this_thread::get_id() == thread_; }
  void Schedule(Timer& timer, base::TimePoint when) override { timers_.Schedule(timer, when); }
  void Cancel(Timer& timer) override { timers_.Cancel(timer); }
  void Defer(Deferred& work) override { deferred_.Add(work); }
  void Undefer(Deferred& work) override { deferred_.Remove(work); }
  void AddPolled(Polled&) override {}
  void RemovePolled(Polled&) override {}

  void Post(absl::AnyInvocable<void()> work) override {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(work));
    }
    if (posts_run_ && std::this_thread::get_id() == thread_ && !running_) RunUntilIdle();
  }

 private:
  template <typename GoOn>
  void RunWhile(GoOn go_on) {
    step_ = [this, go_on] {
      running_ = true;
      do {
        Iterate();
      } while (go_on());
      running_ = false;
    };
    executor_.Run();  // So that coroutines know where they are.
  }

  void Iterate() {
    BeginIteration();
    std::vector<absl::AnyInvocable<void()>> work;
    {
      const std::lock_guard lock(mutex_);
      work.swap(posted_);
    }
    for (auto& each : work) {
      try {
        each();
      } catch (...) {  // As executor.h says.
      }
    }
    timers_.Fire(Now(), transport::TimerQueue::kMostInIteration);
    deferred_.Run();
  }

  const ManualClock& clock_;
  const std::thread::id thread_ = std::this_thread::get_id();
  absl::AnyInvocable<void()> step_;
  bool running_ = false;
  bool posts_run_ = false;
  std::mutex mutex_;
  std::vector<absl::AnyInvocable<void()>> posted_;
  transport::TimerQueue timers_;
  transport::DeferredQueue deferred_;
  connection::LoopExecutor executor_{*this};
};

}  // namespace piperpc::testing
