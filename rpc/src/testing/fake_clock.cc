#include "piperpc/testing/fake_clock.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "src/testing/clock_source.h"

namespace piperpc {
namespace internal {

namespace {

// What runs so long on a loop is not waited for.
constexpr base::Duration kSettleLimit = std::chrono::milliseconds(100);

}  // namespace

void ClockSource::Advance(base::Duration by) {
  now_.fetch_add(std::max(by, base::Duration::zero()).count(), std::memory_order_acq_rel);
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    const MutexLock lock(mutex_);
    waiters = waiters_;
  }
  for (const auto& waiter : waiters) waiter->Tell();
  const base::TimePoint limit = base::After(kSettleLimit);
  for (const auto& waiter : waiters) waiter->Settle(Now(), limit);
}

void ClockSource::Add(const std::shared_ptr<Waiter>& waiter) {
  const MutexLock lock(mutex_);
  waiters_.push_back(waiter);
}

void ClockSource::Remove(const std::shared_ptr<Waiter>& waiter) {
  const MutexLock lock(mutex_);
  std::erase(waiters_, waiter);
}

}  // namespace internal

namespace testing {
namespace {

constexpr std::chrono::minutes kTooLong{1};

// In real time, for threads to see what a step has brought about.
constexpr std::chrono::milliseconds kPause{1};

}  // namespace

FakeClock::FakeClock() : source_(std::make_shared<internal::ClockSource>()) {}

FakeClock::~FakeClock() = default;

FakeClock::TimePoint FakeClock::Now() const { return source_->Now(); }

void FakeClock::Advance(Duration by) { source_->Advance(by); }

bool FakeClock::AdvanceUntil(absl::FunctionRef<bool()> over, Duration step) {
  const base::TimePoint end = base::After(kTooLong);
  while (!over()) {
    if (base::Clock::now() >= end) return false;
    Advance(step);
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace testing
}  // namespace piperpc
