// Whether a loop that has nothing to do should look for more for a while before it sleeps.
//
// To sleep and to be woken costs processor time on both sides: 3 us and more, and on a virtual
// machine whose processors sleep some 20 us, beside the 50 us that it takes. Looking is worth it
// while what comes next usually comes sooner than that. A sleeping loop cannot measure this, so it
// tries now and then. Nothing but arithmetic; one thread.
#pragma once

#include <algorithm>

#include "src/base/clock.h"

namespace piperpc::transport {

class AdaptiveSpin {
 public:
  // How long a look lasts at the most. Longer than a wake-up: where both sides sleep each time, one
  // of them must look this long to meet the other one awake.
  static constexpr base::Duration kLongestLook = std::chrono::microseconds(100);

  // What comes later than this has cost more time than a sleep.
  static constexpr base::Duration kWorthIt = std::chrono::microseconds(20);

  // There is nothing to do. True: look for it before sleeping, and tell what came of that.
  bool ShouldLook() {
    if (credit_ > 0) return true;
    if (--until_trial_ > 0) return false;
    until_trial_ = trial_interval_;
    trial_interval_ = std::min(2 * trial_interval_, kLongestInterval);
    credit_ = kTrialCredit;
    return true;
  }

  void OnFound(base::Duration after) {
    if (after > kWorthIt) return Lose(1);
    credit_ = std::min(credit_ + 1, kMostCredit);
    if (credit_ == kMostCredit) trial_interval_ = kShortestInterval;
  }

  void OnNothing() { Lose(2); }

 private:
  static constexpr int kTrialCredit = 4;
  static constexpr int kMostCredit = 8;
  // In waits. Trials that were in vain follow each other less and less often.
  static constexpr int kShortestInterval = 64;
  static constexpr int kLongestInterval = 256;

  void Lose(int credit) { credit_ = std::max(credit_ - credit, 0); }

  int credit_ = 0;
  int until_trial_ = kShortestInterval;
  int trial_interval_ = kShortestInterval;
};

}  // namespace piperpc::transport
