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

// The place in LatencyHistogram::counts of a call that took so long.
inline std::size_t BucketOf(std::uint64_t microseconds) {
  const std::uint64_t steps = (std::max<std::uint64_t>(microseconds, 1) - 1) / 16;
  return std::min<std::size_t>(std::bit_width(steps), LatencyHistogram::kBounds);
}

// A part of a microsecond is a whole one.
inline std::uint64_t MicrosecondsOf(base::Duration time) {
  const auto nanoseconds = std::max<std::int64_t>(std::chrono::nanoseconds(time).count(), 0);
  return (static_cast<std::uint64_t>(nanoseconds) + 999) / 1000;
}

// In cache lines of its own, which those who count beside it do not need.
struct alignas(64) MethodCells {
  Counter started = 0;
  Counter messages_received = 0;
  Counter messages_sent = 0;
  Counter bytes_received = 0;
  Counter bytes_sent = 0;
  Counter microseconds = 0;
  CountersByCode ended{};
  std::array<Counter, LatencyHistogram::kBounds + 1> latency{};

  void Start() { Add(started); }
  void Receive(std::size_t bytes) {
    Add(messages_received);
    Add(bytes_received, bytes);
  }
  void Send(std::size_t bytes) {
    Add(messages_sent);
    Add(bytes_sent, bytes);
  }
  void End(absl::StatusCode code, base::Duration time) {
    const std::uint64_t took = MicrosecondsOf(time);
    Add(ended, code);
    Add(latency[BucketOf(took)]);
    Add(microseconds, took);
  }
};

}  // namespace piperpc::metrics
