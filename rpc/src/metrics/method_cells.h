// What is counted of one method's calls, by one of those who count.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "piperpc/metrics.h"
#include "src/base/clock.h"

namespace piperpc::metrics {

using Counter = std::atomic<std::uint64_t>;
using CountersByCode = std::array<Counter, kStatusCodes>;

inline void Add(Counter& counter, std::uint64_t count = 1) {
  counter.fetch_add(count, std::memory_order_relaxed);
}

// A code that is none counts as UNKNOWN, as it does on the wire.
inline void Add(CountersByCode& counters, absl::StatusCode code) {
  const auto index = static_cast<std::size_t>(code);
  Add(counters[index < kStatusCodes ? index
                                    : static_cast<std::size_t>(absl::StatusCode::kUnknown)]);
}

// Most are OK, and an OK status need not be asked for its code.
inline void Add(CountersByCode& counters, const absl::Status& status) {
  if (status.ok()) [[likely]]
    return Add(counters[0]);
  Add(counters, status.code());
}

// The place in LatencyHistogram::counts of a call that took so long.
inline std::size_t BucketOf(std::uint64_t nanoseconds) {
  constexpr auto kFirst =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(LatencyHistogram::Bound(0)).count());
  const std::uint64_t steps = (nanoseconds - (nanoseconds > 0 ? 1 : 0)) / kFirst;
  const int width = 63 - std::countl_zero(2 * steps + 1);  // As std::bit_width(), but no branch.
  return static_cast<std::size_t>(std::min<int>(width, LatencyHistogram::kBounds));
}

// In cache lines of its own, which those who count beside it do not need.
struct alignas(64) MethodCells {
  Counter started = 0;
  Counter retries = 0;
  Counter messages_received = 0;
  Counter messages_sent = 0;
  Counter bytes_received = 0;
  Counter bytes_sent = 0;
  Counter nanoseconds = 0;
  CountersByCode ended{};
  std::array<Counter, LatencyHistogram::kBounds + 1> latency{};

  void Start() { Add(started); }
  void Retry() { Add(retries); }
  void Receive(std::size_t bytes) {
    Add(messages_received);
    Add(bytes_received, bytes);
  }
  void Send(std::size_t bytes) {
    Add(messages_sent);
    Add(bytes_sent, bytes);
  }
  void End(const absl::Status& status, base::Duration time) {
    const auto took = static_cast<std::uint64_t>(
        std::chrono::nanoseconds(std::max(time, base::Duration::zero())).count());
    Add(ended, status);
    Add(latency[BucketOf(took)]);
    Add(nanoseconds, took);
  }
};

}  // namespace piperpc::metrics
