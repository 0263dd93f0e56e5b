#include "src/transport/loop_base.h"

#include <algorithm>

namespace piperpc::transport {

LoopBase::LoopBase() : posted_([this] { Wake(); }) {}

void LoopBase::Run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  while (!Turn()) {
  }
  thread_.store({}, std::memory_order_relaxed);
}

bool LoopBase::InLoop() const {
  return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

// False: in vain.
bool LoopBase::Spin(TimePoint limit) {
  if (spin_ == Duration::zero()) return false;
  const TimePoint end = std::min(limit, After(spin_));
  do {
    if (Wait(kNoWait)) return true;
    std::this_thread::yield();  // Perhaps to whom it waits for.
  } while (Clock::now() < end);
  return false;
}

bool LoopBase::Turn() {
  const bool may_wait = posted_.BeginWait() && deferred_.empty();
  const TimePoint limit = may_wait ? timers_.next() : kNoWait;
  if (!may_wait || !Spin(limit)) Wait(limit);
  const bool last = posted_.RunAll();
  if (timers_.next() != kNever) timers_.Fire(Clock::now());
  deferred_.Run();
  return last;
}

}  // namespace piperpc::transport
