// Time as PipeRPC counts it: a clock that never jumps. Wall-clock time is never on the wire.
#pragma once

#include <chrono>

namespace piperpc {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

inline constexpr TimePoint kNever = TimePoint::max();

// `time` in the clock's own unit. What does not fit becomes the longest, or shortest, that does:
// a conversion by std::chrono would overflow.
template <typename Rep, typename Period>
constexpr Duration Saturated(std::chrono::duration<Rep, Period> time) {
  using Given = std::chrono::duration<Rep, Period>;
  if (time > std::chrono::duration_cast<Given>(Duration::max())) return Duration::max();
  if (time < std::chrono::duration_cast<Given>(Duration::min())) return Duration::min();
  return std::chrono::duration_cast<Duration>(time);
}

// `now` + `delay`, and kNever where that would not fit: a time that is too long to be counted is no
// limit.
template <typename Rep, typename Period>
constexpr TimePoint After(std::chrono::duration<Rep, Period> delay, TimePoint now) {
  const Duration time = Saturated(delay);
  if (time >= kNever - now) return kNever;
  return now + time;
}

template <typename Rep, typename Period>
TimePoint After(std::chrono::duration<Rep, Period> delay) {
  return After(delay, Clock::now());
}

}  // namespace piperpc
