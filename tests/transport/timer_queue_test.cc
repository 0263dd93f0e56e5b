#include "src/transport/timer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace piperpc::transport {
namespace {

constexpr base::TimePoint At(int microseconds) {
  return base::TimePoint(std::chrono::microseconds(microseconds));
}

struct NumberedTimer final : EventLoop::Timer {
  NumberedTimer(int its_number, std::vector<int>& its_fired)
      : number(its_number), fired(its_fired) {}
  void OnTimer() override { fired.push_back(number); }
  const int number;
  std::vector<int>& fired;
};

class TimerQueueTest : public ::testing::Test {
 protected:
  // Sets a timer for each of `times`, whose number is its time.
  void Schedule(const std::vector<int>& times) {
    for (const int time : times) {
      timers_.push_back(std::make_unique<NumberedTimer>(time, fired_));
      queue_.Schedule(*timers_.back(), At(time));
    }
  }

  std::vector<std::unique_ptr<NumberedTimer>> timers_;
  std::vector<int> fired_;
  TimerQueue queue_;
};

TEST_F(TimerQueueTest, FiresInOrderWhateverTheOrderTheyWereSetIn) {
  Schedule({50, 51, 52, 53, 54, 55, 56, 10, 57, 20, 15, 58, 5});
  EXPECT_EQ(queue_.next(), At(5));
  queue_.Fire(At(57));
  EXPECT_EQ(fired_, (std::vector<int>{5, 10, 15, 20, 50, 51, 52, 53, 54, 55, 56, 57}));
  EXPECT_EQ(queue_.next(), At(58));
}

TEST_F(TimerQueueTest, FiresManyInOrderOfWhichSomeWereMovedAndCancelled) {
  std::mt19937 random(1);
  std::vector<int> times(2000);
  std::iota(times.begin(), times.end(), 0);
  std::shuffle(times.begin(), times.end(), random);
  Schedule(times);
  std::vector<int> expected(times.size());
  std::iota(expected.begin(), expected.end(), 0);
  for (int number = 0; number < 2000; number += 2) {
    NumberedTimer& timer = *timers_[static_cast<std::size_t>(
        std::find(times.begin(), times.end(), number) - times.begin())];
    if (number % 4 == 0) {
      queue_.Cancel(timer);
      std::erase(expected, number);
    } else {
      queue_.Schedule(timer, At(5000));
      queue_.Schedule(timer, At(number));
    }
  }
  queue_.Fire(At(2000));
  EXPECT_EQ(fired_, expected);
}

TEST_F(TimerQueueTest, FiresNoMoreAtOnceThanItIsTold) {
  Schedule({0, 1, 2, 3, 4});
  queue_.Fire(At(10), 3);
  EXPECT_EQ(fired_, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(queue_.next(), At(3));
  queue_.Fire(At(10), 3);
  EXPECT_EQ(fired_, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(TimerQueueTest, ThoseOfOneTimeFireInTheOrderTheyWereSetIn) {
  for (int number = 0; number < 3; ++number) {
    timers_.push_back(std::make_unique<NumberedTimer>(number, fired_));
    queue_.Schedule(*timers_.back(), At(1));
  }
  queue_.Fire(At(1));
  EXPECT_EQ(fired_, (std::vector<int>{0, 1, 2}));
}

TEST_F(TimerQueueTest, NothingIsNeverDue) {
  EXPECT_EQ(queue_.next(), base::kNever);
  Schedule({1});
  queue_.Cancel(*timers_[0]);
  EXPECT_FALSE(timers_[0]->scheduled());
  EXPECT_EQ(queue_.next(), base::kNever);
  queue_.Fire(At(1));
  EXPECT_EQ(fired_, std::vector<int>());
}

TEST_F(TimerQueueTest, ATimerThatSetsItselfAgainLetsTheOthersFire) {
  struct Again final : EventLoop::Timer {
    explicit Again(TimerQueue& its_queue) : queue(its_queue) {}
    void OnTimer() override {
      ++times;
      queue.Schedule(*this, At(1));
    }
    TimerQueue& queue;
    int times = 0;
  } again(queue_);
  queue_.Schedule(again, At(0));
  Schedule({1});
  queue_.Fire(At(1));
  EXPECT_EQ(fired_, (std::vector<int>{1}));
  EXPECT_EQ(again.times, 1);
}

// Beside a plain list of who is due when.
TEST_F(TimerQueueTest, KeepsWhatAnyMixOfStepsSays) {
  constexpr int kTimers = 200;
  std::mt19937 random(1);
  const auto below = [&random](int limit) { return static_cast<int>(random() % limit); };
  for (int number = 0; number < kTimers; ++number) {
    timers_.push_back(std::make_unique<NumberedTimer>(number, fired_));
  }
  std::vector<int> due(kTimers, -1);  // When each fires; less than zero: not set.
  for (int now = 0; now < 20'000; ++now) {
    NumberedTimer& timer = *timers_[static_cast<std::size_t>(below(kTimers))];
    int& when = due[static_cast<std::size_t>(timer.number)];
    if (below(3) == 0) {
      when = -1;
      queue_.Cancel(timer);
    } else {
      when = now + (below(2) == 0 ? 100 : below(500));
      queue_.Schedule(timer, At(when));
    }
    std::vector<int> expected;
    for (int number = 0; number < kTimers; ++number) {
      int& each = due[static_cast<std::size_t>(number)];
      if (each < 0 || each > now) continue;
      expected.push_back(number);
      each = -1;
    }
    fired_.clear();
    queue_.Fire(At(now));
    std::sort(fired_.begin(), fired_.end());
    ASSERT_EQ(fired_, expected) << now;
  }
}

}  // namespace
}  // namespace piperpc::transport
