#include "src/testing/clock_loop.h"

#include <utility>

namespace piperpc::testing {

ClockLoop::ClockLoop(std::shared_ptr<internal::ClockSource> clock) : clock_(std::move(clock)) {
  clock_->Add(sleep_);
}

ClockLoop::~ClockLoop() {
  sleep_->End();
  clock_->Remove(sleep_);
}

// Whoever lets the time go on wakes the loop, too: it needs no limit.
bool ClockLoop::Sleep::Wait(const internal::ClockSource& clock, base::TimePoint limit) {
  internal::MutexLock lock(mutex_);
  thread_ = std::this_thread::get_id();
  while (!wake_ && clock.Now() < limit) {
    asleep_since_ = clock.Now();
    settled_.notify_all();
    lock.Wait(woken_);
  }
  return std::exchange(wake_, false);
}

void ClockLoop::Sleep::End() {
  const internal::MutexLock lock(mutex_);
  asleep_since_ = base::kNever;
  settled_.notify_all();
}

void ClockLoop::Sleep::Tell() {
  const internal::MutexLock lock(mutex_);
  wake_ = true;
  woken_.notify_one();
}

// Not on the loop itself, where somebody lets the time go on.
void ClockLoop::Sleep::Settle(base::TimePoint now, base::TimePoint limit) {
  internal::MutexLock lock(mutex_);
  bool in_time = std::this_thread::get_id() != thread_;
  while (asleep_since_ < now && in_time) in_time = lock.WaitUntil(settled_, limit);
}

}  // namespace piperpc::testing
