// A timer takes no memory, so the system cannot refuse one.
#include <gtest/gtest.h>

#include <chrono>
#include <deque>

#include "cost/allocation_counter.h"
#include "src/transport/timer_queue.h"

namespace piperpc::transport {
namespace {

struct CountingTimer final : EventLoop::Timer {
  explicit CountingTimer(int& its_fired) : fired(its_fired) {}
  void OnTimer() override { ++fired; }
  int& fired;
};

constexpr base::TimePoint At(int microseconds) {
  return base::TimePoint(std::chrono::microseconds(microseconds));
}

TEST(TimerAllocationTest, TimersAreSetMovedCancelledAndFiredWithoutMemory) {
  constexpr int kTimers = 1000;
  int fired = 0;
  std::deque<CountingTimer> timers;
  for (int i = 0; i < kTimers; ++i) timers.emplace_back(fired);
  const std::size_t before = testing::AllocationsOfThisThread();
  TimerQueue queue;
  int due = kTimers;  // The last one first, so that none stands in line.
  for (CountingTimer& timer : timers) queue.Schedule(timer, At(due--));
  for (CountingTimer& timer : timers) queue.Schedule(timer, At(kTimers));
  queue.Cancel(timers.front());
  queue.Fire(At(kTimers));
  EXPECT_EQ(testing::AllocationsOfThisThread() - before, 0u);
  EXPECT_EQ(fired, kTimers - 1);
}

}  // namespace
}  // namespace piperpc::transport
