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

// False: in vain.
bool LoopBase::WaitAwake(TimePoint limit) {
  if (spin_ == Duration::zero()) return false;
  Spin spin(spin_, limit);
  do {
    if (Wait(kNoWait)) return true;
  } while (spin.GoOn());
  return false;
}

bool LoopBase::Iterate() {
  const bool may_wait = posted_.BeginWait() && deferred_.empty();
  const TimePoint limit = may_wait ? timers_.next() : kNoWait;
  if (!may_wait || !WaitAwake(limit)) Wait(limit);
  const bool last = posted_.RunAll();
  if (timers_.next() != kNever) timers_.Fire(Clock::now());
  deferred_.Run();
  return last;
}

}  // namespace piperpc::transport
