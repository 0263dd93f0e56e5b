// Endpoints that no other test uses.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace piperpc::testing {

inline std::string UniqueEndpoint() {
  static std::atomic<int> count = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ticks = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return "test-" + std::to_string(ticks) + "-" + std::to_string(++count);
}

}  // namespace piperpc::testing
