// Pauses that double, from the first to the longest.
#pragma once

#include <algorithm>
#include <utility>

#include "src/base/clock.h"

namespace piperpc::transport {

class Backoff {
 public:
  constexpr Backoff(base::Duration first, base::Duration longest)
      : first_(first), longest_(longest), next_(first) {}

  base::Duration Next() { return std::exchange(next_, std::min(2 * next_, longest_)); }
  void Reset() { next_ = first_; }

 private:
  base::Duration first_;
  base::Duration longest_;
  base::Duration next_;
};

// Between the tries to reach a server that is not there yet.
constexpr Backoff ConnectBackoff() {
  return {std::chrono::milliseconds(1), std::chrono::milliseconds(50)};
}

}  // namespace piperpc::transport
