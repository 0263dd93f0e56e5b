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
  Spin(Duration time, TimePoint limit)
      : begin_(Clock::now()), end_(std::min(limit, After(time, begin_))), looked_(begin_) {}

  // After each look that was in vain. False: the time is over.
  bool GoOn() {
    // It may be this very processor that the other side waits for. Each time would be too often: a
    // yield takes as long as a look.
    if (++looks_ % kLooksAtOnce == 0) std::this_thread::yield();
    looked_ = Clock::now();
    return looked_ < end_;
  }

  // From the beginning until the last look began.
  Duration elapsed() const { return looked_ - begin_; }

 private:
  static constexpr unsigned kLooksAtOnce = 16;

  const TimePoint begin_;
  const TimePoint end_;
  TimePoint looked_;
  unsigned looks_ = 0;
};

}  // namespace piperpc::base
