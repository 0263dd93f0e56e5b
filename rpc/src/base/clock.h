// Time as PipeRPC counts it: a clock that never jumps. Wall-clock time is never on the wire.
#pragma once

#include <chrono>

namespace piperpc::base {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

inline constexpr TimePoint kNever = TimePoint::max();

// A time of this length or more is no limit. The clock itself could count to 292 years; that leaves
// room for what adds to it, and for systems whose waits count from another beginning.
inline constexpr Duration kNoLimit = std::chrono::hours(100 * 365 * 24);

// `time` in the clock's own unit. Duration::max(): it is no limit. What is as far below zero is
// -kNoLimit. Never overflows, whatever the type of `time`.
template <typename Rep, typename Period>
constexpr Duration Saturated(std::chrono::duration<Rep, Period> time) {
  constexpr auto kSeconds = std::chrono::duration<double>(kNoLimit).count();
  const double seconds = std::chrono::duration<double>(time).count();
  if (!(seconds < kSeconds)) return Duration::max();  // Also when it is no number.
  if (seconds <= -kSeconds) return -kNoLimit;
  return std::chrono::duration_cast<Duration>(time);
}

// `now` + `delay`; kNever where `delay` is no limit.
template <typename Rep, typename Period>
constexpr TimePoint After(std::chrono::duration<Rep, Period> delay, TimePoint now) {
  const Duration time = Saturated(delay);
  return time == Duration::max() || time >= kNever - now ? kNever : now + time;
}

template <typename Rep, typename Period>
TimePoint After(std::chrono::duration<Rep, Period> delay) {
  return After(delay, Clock::now());
}

}  // namespace piperpc::base
