#include "services/auth/login_throttle.h"

#include <gtest/gtest.h>

#include <string>

namespace services {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class LoginThrottleTest : public ::testing::Test {
 protected:
  void Fail(int times, const std::string& user = "ana") {
    for (int i = 0; i < times; ++i) throttle_.Failed(user, "uid:1", now_);
  }
  LoginThrottle::Duration Delay(const std::string& user = "ana",
                                const std::string& peer = "uid:1") const {
    return throttle_.Delay(user, peer, now_);
  }

  LoginThrottle::TimePoint now_{minutes(1000)};
  LoginThrottle throttle_{{.max_entries = 3}};
};

TEST_F(LoginThrottleTest, DelaysNobodyWhoHasNotFailed) { EXPECT_EQ(Delay(), milliseconds(0)); }

TEST_F(LoginThrottleTest, DoublesTheDelayWithEachFailureUpToABound) {
  for (int delay : {100, 200, 400, 800, 1600, 2000, 2000}) {
    Fail(1);
    EXPECT_EQ(Delay(), milliseconds(delay));
  }
  Fail(1000);
  EXPECT_EQ(Delay(), milliseconds(2000));
}

TEST_F(LoginThrottleTest, CountsTheTimeThatHasPassedSinceTheFailure) {
  Fail(1);
  now_ += milliseconds(60);
  EXPECT_EQ(Delay(), milliseconds(40));
  now_ += milliseconds(60);
  EXPECT_EQ(Delay(), milliseconds(0));
}

TEST_F(LoginThrottleTest, StartsAnewAfterASuccess) {
  Fail(5);
  throttle_.Succeeded("ana", "uid:1");
  EXPECT_EQ(Delay(), milliseconds(0));
  Fail(1);
  EXPECT_EQ(Delay(), milliseconds(100));
}

TEST_F(LoginThrottleTest, StartsAnewWhenTheFailuresAreOld) {
  Fail(5);
  now_ += minutes(16);
  Fail(1);
  EXPECT_EQ(Delay(), milliseconds(100));
}

TEST_F(LoginThrottleTest, DelaysNeitherOtherUsersNorOtherPeers) {
  Fail(5);
  EXPECT_EQ(Delay("rui"), milliseconds(0));
  EXPECT_EQ(Delay("ana", "uid:2"), milliseconds(0));
}

TEST_F(LoginThrottleTest, ForgetsWhoFailedLongestAgoWhenItIsFull) {
  for (const char* user : {"a", "b", "c"}) Fail(1, user);
  Fail(1, "a");  // Now "b" is the oldest.
  Fail(1, "d");
  EXPECT_EQ(Delay("b"), milliseconds(0));
  EXPECT_EQ(Delay("a"), milliseconds(200));
  EXPECT_EQ(Delay("c"), milliseconds(100));
  EXPECT_EQ(Delay("d"), milliseconds(100));
}

TEST(LoginThrottle, TakesTheLongestTimesForWhatTheyAre) {
  LoginThrottle throttle({.first_delay = milliseconds::max(),
                          .max_delay = milliseconds::max(),
                          .memory = minutes::max()});
  const LoginThrottle::TimePoint now{minutes(1000)};
  for (int failures = 1; failures < 100; ++failures) {
    throttle.Failed("ana", "uid:1", now);
    EXPECT_GT(throttle.Delay("ana", "uid:1", now), std::chrono::hours(24 * 365)) << failures;
  }
}

TEST(LoginThrottle, DoublesUpToTheLongestTime) {
  LoginThrottle throttle({.first_delay = milliseconds(1), .max_delay = milliseconds::max()});
  const LoginThrottle::TimePoint now{minutes(1000)};
  LoginThrottle::Duration last{0};
  for (int failures = 1; failures < 100; ++failures) {
    throttle.Failed("ana", "uid:1", now);
    EXPECT_GE(throttle.Delay("ana", "uid:1", now), last) << failures;
    last = throttle.Delay("ana", "uid:1", now);
  }
  EXPECT_GT(last, std::chrono::hours(24 * 365));
}

TEST(LoginThrottle, TakesTimesBelowZeroForNone) {
  LoginThrottle throttle({.first_delay = milliseconds::min(), .max_delay = milliseconds::min()});
  const LoginThrottle::TimePoint now{minutes(1000)};
  throttle.Failed("ana", "uid:1", now);
  throttle.Failed("ana", "uid:1", now);
  EXPECT_EQ(throttle.Delay("ana", "uid:1", now), milliseconds(0));
}

}  // namespace
}  // namespace services
