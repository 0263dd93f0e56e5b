// Whether a loop that has nothing to do looks for more, or sleeps.
#include <gtest/gtest.h>

#include <string_view>

#include "src/transport/loop/loop_base.h"

namespace piperpc::transport {
namespace {

// Gets nothing to do but by its waits, and ends after 1,000 of them.
class CountingLoop final : public LoopBase {
 public:
  // `may_pay`: a look may. `finds`: it does, at once.
  CountingLoop(bool may_pay, bool finds) : may_pay_(may_pay), finds_(finds) {}

  int looks() const { return looks_; }
  int sleeps() const { return sleeps_; }

  static constexpr int kWaits = 1000;

 private:
  std::string_view name() const override { return "counting"; }
  bool looks_may_pay() const override { return may_pay_; }
  void Wake() override {}
  bool Wait(base::TimePoint limit) override {
    const bool look = limit == kNoWait;
    ++(look ? looks_ : sleeps_);
    if (look && !finds_) return false;
    if (++waits_ == kWaits) Stop();
    return true;
  }

  const bool may_pay_;
  const bool finds_;
  int waits_ = 0;
  int looks_ = 0;
  int sleeps_ = 0;
};

TEST(LoopWaitsTest, ALoopThatAdaptsHardlySleepsWhereLooksFindSomething) {
  CountingLoop loop(true, true);
  loop.set_spin({.adaptive = true});
  loop.Run();
  EXPECT_LE(loop.sleeps(), CountingLoop::kWaits / 10);
}

TEST(LoopWaitsTest, ALoopThatAdaptsTriesAndSleepsWhereTheyDoNot) {
  CountingLoop loop(true, false);
  loop.set_spin({.adaptive = true});
  loop.Run();
  EXPECT_EQ(loop.sleeps(), CountingLoop::kWaits);
  EXPECT_GT(loop.looks(), 0);
}

TEST(LoopWaitsTest, OtherLoopsSleepEachTime) {
  for (const bool adaptive : {false, true}) {
    CountingLoop loop(!adaptive, true);
    loop.set_spin({.adaptive = adaptive});
    loop.Run();
    EXPECT_EQ(loop.looks(), 0);
    EXPECT_EQ(loop.sleeps(), CountingLoop::kWaits);
  }
}

TEST(LoopWaitsTest, ALoopThatSpinsLooksEachTime) {
  CountingLoop loop(false, true);
  loop.set_spin({.always = std::chrono::milliseconds(1)});
  loop.Run();
  EXPECT_EQ(loop.sleeps(), 0);
}

}  // namespace
}  // namespace piperpc::transport
