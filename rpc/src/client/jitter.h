// Random pauses, so that many clients that failed at the same moment do not come back at another
// one: "full jitter", of "Exponential Backoff And Jitter" in AWS's Architecture Blog.
#pragma once

#include <chrono>
#include <cstdint>

#include "src/base/clock.h"

namespace piperpc::client {

// From 0 to `longest`, each microsecond as likely as the others where seeds differ in whatever way.
// For pauses only: what mixes them is the last step of SplitMix64.
inline base::Duration RandomUpTo(base::Duration longest, std::uint64_t seed) {
  seed += 0x9e3779b97f4a7c15;
  seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ (seed >> 27)) * 0x94d049bb133111eb;
  seed ^= seed >> 31;
  const auto most = std::chrono::duration_cast<std::chrono::microseconds>(longest).count();
  return std::chrono::microseconds(seed % (static_cast<std::uint64_t>(most) + 1));
}

}  // namespace piperpc::client
