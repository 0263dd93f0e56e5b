// Time as PipeRPC counts it: a clock that never jumps. Wall-clock time is never on the wire.
#pragma once

#include <chrono>

namespace piperpc {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

inline constexpr TimePoint kNever = TimePoint::max();

// `now` + `delay`, and kNever where that would not fit.
constexpr TimePoint After(Duration delay, TimePoint now) {
  if (delay >= kNever - now) return kNever;
  return now + delay;
}

inline TimePoint After(Duration delay) { return After(delay, Clock::now()); }

}  // namespace piperpc
