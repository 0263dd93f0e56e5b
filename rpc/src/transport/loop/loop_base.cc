#include "src/transport/loop/loop_base.h"

#include "src/base/spin.h"

namespace piperpc::transport {

LoopBase::LoopBase() : posted_([this] { Wake(); }) {}

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

// False: in vain.
bool LoopBase::WaitAwake(base::TimePoint limit) {
  if (spin_ == base::Duration::zero()) return false;
  base::Spin spin(spin_, limit);
  do {
    if (LookOnce()) return true;
  } while (spin.GoOn());
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
