// Times of any type and length become points of the clock, and none becomes one that has passed.
#include "src/base/clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace piperpc {
namespace {

using std::chrono::milliseconds;

constexpr base::TimePoint kNow{std::chrono::hours(5)};

TEST(ClockTest, OrdinaryTimesAreExact) {
  EXPECT_EQ(base::After(milliseconds(7), kNow), kNow + milliseconds(7));
  EXPECT_EQ(base::After(std::chrono::nanoseconds(1), kNow), kNow + base::Duration(1));
  EXPECT_EQ(base::After(milliseconds(0), kNow), kNow);
  EXPECT_EQ(base::After(milliseconds(-7), kNow), kNow - milliseconds(7));
  EXPECT_EQ(base::After(std::chrono::duration<double>(0.5), kNow), kNow + milliseconds(500));
}

TEST(ClockTest, WhatDoesNotFitIsNoLimit) {
  EXPECT_EQ(base::After(milliseconds::max(), kNow), base::kNever);
  EXPECT_EQ(base::After(milliseconds::max() - milliseconds(1), kNow), base::kNever);
  EXPECT_EQ(base::After(std::chrono::nanoseconds::max(), kNow), base::kNever);
  EXPECT_EQ(base::After(std::chrono::hours::max(), kNow), base::kNever);
  EXPECT_EQ(base::After(std::chrono::years(300), kNow), base::kNever);
  EXPECT_EQ(base::After(std::chrono::duration<double>(1e300), kNow), base::kNever);
  EXPECT_EQ(
      base::After(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()), kNow),
      base::kNever);
  EXPECT_EQ(base::After(base::kNoLimit, kNow), base::kNever);
  EXPECT_EQ(base::After(base::kNoLimit - base::Duration(std::chrono::hours(1)),
                        base::kNever - milliseconds(1)),
            base::kNever);
}

TEST(ClockTest, AYearIsALimit) {
  EXPECT_EQ(base::After(std::chrono::hours(365 * 24), kNow), kNow + std::chrono::hours(365 * 24));
}

TEST(ClockTest, WhatIsFarBelowZeroHasPassed) {
  EXPECT_LT(base::After(milliseconds::min(), kNow), kNow);
  EXPECT_LT(base::After(std::chrono::hours::min(), kNow), kNow);
  EXPECT_LT(base::After(std::chrono::years(-300), kNow), kNow);
}

TEST(ClockTest, SmallTypesHoldTheirTimes) {
  using Small = std::chrono::duration<std::int8_t, std::milli>;
  EXPECT_EQ(base::After(Small::max(), kNow), kNow + milliseconds(127));
  EXPECT_EQ(base::After(Small::min(), kNow), kNow - milliseconds(128));
}

}  // namespace
}  // namespace piperpc
