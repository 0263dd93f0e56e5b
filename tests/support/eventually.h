// Waits, with a bound, for what another thread brings about.
#pragma once

#include <chrono>
#include <future>
#include <thread>

namespace piperpc::testing {

// Nothing takes so long: whoever waits in vain has found a fault, even on a busy machine.
inline constexpr std::chrono::minutes kTooLong{1};

// True as soon as `condition()` is; false when it is not for kTooLong.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kTooLong;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::yield();
  }
  return true;
}

// True as soon as the value of a future, shared or not, is there.
template <typename Future>
bool Arrives(const Future& future) {
  return future.wait_for(kTooLong) == std::future_status::ready;
}

}  // namespace piperpc::testing
