// Random pauses, so that many clients that failed at the same moment do not come back at another
// one: "full jitter", of "Exponential Backoff And Jitter" in AWS's Architecture Blog.
#pragma once

#include <chrono>
#include <cstdint>

#include "src/base/clock.h"

namespace piperpc::client {

// Random numbers for that purpose only (SplitMix64). Not thread-safe.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : state_(seed) {}

  // From 0 to `longest`, each microsecond as likely as the others.
  base::Duration UpTo(base::Duration longest) {
    const auto most = std::chrono::duration_cast<std::chrono::microseconds>(longest).count();
    return std::chrono::microseconds(Next() % (static_cast<std::uint64_t>(most) + 1));
  }

 private:
  std::uint64_t Next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  std::uint64_t state_;
};

}  // namespace piperpc::client
