#include "src/transport/loop/loop_base.h"

#include "src/base/spin.h"

namespace piperpc::transport {

LoopBase::LoopBase() : posted_([this] { Wake(); }) {}

void LoopBase::set_spin(const SpinOptions& options) {
  spin_ = options.always;
  adaptive_.reset();
  const bool adaptive = options.adaptive && spin_ == base::Duration::zero();
  if (adaptive && looks_may_pay()) adaptive_.emplace();
}

void LoopBase::Run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  while (!Iterate()) {
  }
  thread_.store({}, std::memory_order_relaxed);
}

bool LoopBase::InLoop() const {
  return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

bool LoopBase::LookOnce() {
  const bool completed = Wait(kNoWait);
  return polled_.Poll() || completed;
}

// False: in vain, or not at all. What a timer cuts short says nothing of what comes.
bool LoopBase::WaitAwake(base::TimePoint limit) {
  const bool adapts = adaptive_ && adaptive_->ShouldLook();
  if (!adapts && spin_ == base::Duration::zero()) return false;
  base::Spin spin(adapts ? AdaptiveSpin::kLongestLook : spin_, limit);
  do {
    if (!LookOnce()) continue;
    if (adapts) adaptive_->OnFound(spin.elapsed());
    return true;
  } while (spin.GoOn());
  if (adapts && spin.elapsed() >= AdaptiveSpin::kLongestLook) adaptive_->OnNothing();
  return false;
}

bool LoopBase::Iterate() {
  BeginIteration();
  const bool may_wait = posted_.BeginWait() && deferred_.empty();
  if (!may_wait) {
    LookOnce();
  } else if (const base::TimePoint limit = timers_.next(); !WaitAwake(limit)) {
    Wait(polled_.MaySleep() ? limit : kNoWait);
    polled_.Poll();
  }
  const bool last = posted_.RunAll();
  if (timers_.next() != base::kNever) timers_.Fire(Now(), TimerQueue::kMostInIteration);
  deferred_.Run();
  return last;
}

}  // namespace piperpc::transport
