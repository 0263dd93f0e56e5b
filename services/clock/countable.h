// Durations from options, which may have any value.
#pragma once

#include <chrono>

namespace services {

// Converts `time` to the clock's unit, limited to the range from 0 to 100 years, so that adding it
// to a time of the clock does not overflow.
template <typename Rep, typename Period>
constexpr std::chrono::steady_clock::duration Countable(std::chrono::duration<Rep, Period> time) {
  constexpr std::chrono::hours kMost(100 * 365 * 24);
  // As floating point, because converting the largest times would overflow.
  if (std::chrono::duration<double>(time) >= kMost) return kMost;
  if (time <= time.zero()) return std::chrono::steady_clock::duration::zero();
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
}

}  // namespace services
