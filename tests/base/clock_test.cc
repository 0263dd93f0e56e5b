// Times of any type and length become points of the clock, and none becomes one that has passed.
#include "src/base/clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>

namespace piperpc {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint kNow{std::chrono::hours(5)};

TEST(ClockTest, OrdinaryTimesAreExact) {
  EXPECT_EQ(After(milliseconds(7), kNow), kNow + milliseconds(7));
  EXPECT_EQ(After(std::chrono::nanoseconds(1), kNow), kNow + Duration(1));
  EXPECT_EQ(After(milliseconds(0), kNow), kNow);
  EXPECT_EQ(After(milliseconds(-7), kNow), kNow - milliseconds(7));
  EXPECT_EQ(After(std::chrono::duration<double>(0.5), kNow), kNow + milliseconds(500));
}

TEST(ClockTest, WhatDoesNotFitIsNoLimit) {
  EXPECT_EQ(After(milliseconds::max(), kNow), kNever);
  EXPECT_EQ(After(milliseconds::max() - milliseconds(1), kNow), kNever);
  EXPECT_EQ(After(std::chrono::nanoseconds::max(), kNow), kNever);
  EXPECT_EQ(After(std::chrono::hours::max(), kNow), kNever);
  EXPECT_EQ(After(std::chrono::years(300), kNow), kNever);
  EXPECT_EQ(After(std::chrono::duration<double>(1e300), kNow), kNever);
  EXPECT_EQ(After(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()), kNow),
            kNever);
  EXPECT_EQ(After(kNoLimit, kNow), kNever);
  EXPECT_EQ(After(kNoLimit - Duration(std::chrono::hours(1)), kNever - milliseconds(1)), kNever);
}

TEST(ClockTest, AYearIsALimit) {
  EXPECT_EQ(After(std::chrono::hours(365 * 24), kNow), kNow + std::chrono::hours(365 * 24));
}

TEST(ClockTest, WhatIsFarBelowZeroHasPassed) {
  EXPECT_LT(After(milliseconds::min(), kNow), kNow);
  EXPECT_LT(After(std::chrono::hours::min(), kNow), kNow);
  EXPECT_LT(After(std::chrono::years(-300), kNow), kNow);
}

TEST(ClockTest, SmallTypesHoldTheirTimes) {
  using Small = std::chrono::duration<std::int8_t, std::milli>;
  EXPECT_EQ(After(Small::max(), kNow), kNow + milliseconds(127));
  EXPECT_EQ(After(Small::min(), kNow), kNow - milliseconds(128));
}

}  // namespace
}  // namespace piperpc
