// Durations of options, which may be anything.
#pragma once

#include <chrono>

namespace services {

// `time` in the clock's own unit, so that arithmetic with it and with what the clock says does not
// overflow: what is below zero is zero, and what is above a hundred years is a hundred years.
template <typename Rep, typename Period>
constexpr std::chrono::steady_clock::duration Countable(std::chrono::duration<Rep, Period> time) {
  constexpr std::chrono::hours kMost(100 * 365 * 24);
  // As floating point, for the conversion of the largest times would overflow by itself.
  if (std::chrono::duration<double>(time) >= kMost) return kMost;
  if (time <= time.zero()) return std::chrono::steady_clock::duration::zero();
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
}

}  // namespace services
