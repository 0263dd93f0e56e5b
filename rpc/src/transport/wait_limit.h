// How long a system's wait may take.
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/base/clock.h"

namespace piperpc::transport {

// From now to `limit` in whole milliseconds, 0 to `most`; rounded up, or the last fraction before a
// timer would make a loop spin.
inline std::int64_t MillisecondsUntil(base::TimePoint limit, std::int64_t most) {
  const base::TimePoint now = base::Clock::now();
  if (limit <= now) return 0;
  return std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(limit - now).count(),
                                most);
}

}  // namespace piperpc::transport
