// When a loop looks for more before it sleeps.
#include "src/transport/loop/adaptive_spin.h"

#include <gtest/gtest.h>

namespace piperpc::transport {
namespace {

constexpr base::Duration kSoon = AdaptiveSpin::kWorthIt / 2;
constexpr base::Duration kLate = AdaptiveSpin::kWorthIt * 2;

// How many of `waits` begin with a look, where `answer` tells what came of each.
template <typename Answer>
int LooksOf(AdaptiveSpin& spin, int waits, Answer answer) {
  int looks = 0;
  for (int i = 0; i < waits; ++i) {
    if (!spin.ShouldLook()) continue;
    ++looks;
    answer();
  }
  return looks;
}

int LooksInVain(AdaptiveSpin& spin, int waits) {
  return LooksOf(spin, waits, [&] { spin.OnNothing(); });
}
int LooksThatFind(AdaptiveSpin& spin, int waits, base::Duration after) {
  return LooksOf(spin, waits, [&] { spin.OnFound(after); });
}

TEST(AdaptiveSpin, LooksAllTheTimeWhereMoreComesSoon) {
  AdaptiveSpin spin;
  LooksThatFind(spin, 1000, kSoon);
  EXPECT_EQ(LooksThatFind(spin, 1000, kSoon), 1000);
}

TEST(AdaptiveSpin, HardlyLooksWhereNothingComes) {
  AdaptiveSpin spin;
  EXPECT_LE(LooksInVain(spin, 10'000), 10'000 / 100);
}

TEST(AdaptiveSpin, StopsSoonWhenNothingComesAnyMore) {
  AdaptiveSpin spin;
  LooksThatFind(spin, 1000, kSoon);
  EXPECT_LE(LooksInVain(spin, 60), 4);
}

TEST(AdaptiveSpin, HardlyLooksWhereMoreComesLate) {
  AdaptiveSpin spin;
  EXPECT_LE(LooksThatFind(spin, 10'000, kLate), 10'000 / 30);
}

TEST(AdaptiveSpin, GoesOnWhereNothingComesNowAndThen) {
  AdaptiveSpin spin;
  LooksThatFind(spin, 1000, kSoon);
  int looks = 0;
  const int found =
      LooksOf(spin, 1000, [&] { ++looks % 8 == 0 ? spin.OnNothing() : spin.OnFound(kSoon); });
  EXPECT_EQ(found, 1000);
}

TEST(AdaptiveSpin, FindsOutThatMoreComesSoonAgain) {
  AdaptiveSpin spin;
  LooksInVain(spin, 100'000);
  LooksThatFind(spin, 1000, kSoon);
  EXPECT_TRUE(spin.ShouldLook());
}

}  // namespace
}  // namespace piperpc::transport
