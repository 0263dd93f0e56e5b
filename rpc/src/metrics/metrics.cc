#include "piperpc/metrics.h"

#include <cmath>
#include <numeric>

#include "src/metrics/registry.h"

namespace piperpc {
namespace {

template <typename Counts>
std::uint64_t SumOf(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace

std::uint64_t LatencyHistogram::count() const { return SumOf(counts); }

std::chrono::microseconds LatencyHistogram::Quantile(double part) const {
  const std::uint64_t all = count();
  if (all == 0) return {};
  const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(all)));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < kBounds; ++i) {
    passed += counts[i];
    if (passed >= wanted && passed != 0) return Bound(i);
  }
  return Bound(kBounds - 1);
}

std::uint64_t MethodMetrics::in_flight() const { return started - SumOf(ended); }

std::uint64_t MetricsSnapshot::open_connections() const {
  return connections_opened - SumOf(connections_closed);
}

Metrics::Metrics() : registry_(std::make_unique<metrics::Registry>()) {}
Metrics::~Metrics() = default;

MetricsSnapshot Metrics::Read() const { return registry_->Read(); }

}  // namespace piperpc
