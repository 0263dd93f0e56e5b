// Looking again and again for what is waited for, instead of sleeping: for a short time.
#pragma once

#include <algorithm>
#include <thread>

#include "src/base/clock.h"

namespace piperpc::base {

// do {
//   if (Look()) return true;
// } while (spin.GoOn());
class Spin {
 public:
  // From now on for `time`, but not beyond `limit`.
  Spin(Duration time, TimePoint limit) : end_(std::min(limit, After(time))) {}

  // After each look that was in vain. False: the time is over.
  bool GoOn() {
    // It may be this very processor that the other side waits for. Each time would be too often: a
    // yield takes as long as a look.
    if (++looks_ % kLooksAtOnce == 0) std::this_thread::yield();
    return Clock::now() < end_;
  }

 private:
  static constexpr unsigned kLooksAtOnce = 16;

  const TimePoint end_;
  unsigned looks_ = 0;
};

}  // namespace piperpc::base
