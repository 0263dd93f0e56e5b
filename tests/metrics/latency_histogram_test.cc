#include <gtest/gtest.h>

#include <chrono>
#include <limits>

#include "piperpc/metrics.h"
#include "src/metrics/method_cells.h"
#include "src/metrics/registry.h"

namespace piperpc {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

LatencyHistogram HistogramOf(std::initializer_list<nanoseconds> times) {
  metrics::MethodCells cells;
  for (const nanoseconds time : times) cells.End(absl::OkStatus(), time);
  LatencyHistogram histogram;
  for (std::size_t i = 0; i < cells.latency.size(); ++i) histogram.counts[i] = cells.latency[i];
  return histogram;
}

std::size_t PlaceOf(nanoseconds time) {
  const LatencyHistogram histogram = HistogramOf({time});
  std::size_t place = 0;
  while (histogram.counts[place] == 0) ++place;
  return place;
}

// As of thousands of streams that stay open for days.
TEST(LatencySum, IsRightForCenturies) {
  metrics::MethodCounters counters;
  constexpr std::chrono::hours kCenturies(24 * 365 * 200);
  for (int i = 0; i < 2; ++i) counters.Of(0).End(absl::OkStatus(), kCenturies);
  EXPECT_EQ(counters.Read("method").latency.sum, 2 * kCenturies);
}

TEST(LatencyHistogramTest, ATimeThatIsABoundLiesBelowIt) {
  for (std::size_t i = 0; i < LatencyHistogram::kBounds; ++i) {
    EXPECT_EQ(PlaceOf(LatencyHistogram::Bound(i)), i);
    EXPECT_EQ(PlaceOf(LatencyHistogram::Bound(i) + nanoseconds(1)), i + 1);
  }
}

TEST(LatencyHistogramTest, TimesOutsideOfAllBoundsAreCounted) {
  EXPECT_EQ(PlaceOf(nanoseconds(0)), 0u);
  EXPECT_EQ(PlaceOf(nanoseconds(-5)), 0u);  // A clock that a test has turned back.
  EXPECT_EQ(PlaceOf(std::chrono::hours(24 * 365)), LatencyHistogram::kBounds);
}

TEST(LatencyHistogramTest, AQuantileIsTheBoundThatSoManyHaveNotExceeded) {
  const LatencyHistogram times = HistogramOf(
      {microseconds(10), microseconds(20), microseconds(30), std::chrono::milliseconds(100)});
  EXPECT_EQ(times.count(), 4u);
  EXPECT_EQ(times.Quantile(0), microseconds(16));
  EXPECT_EQ(times.Quantile(0.25), microseconds(16));
  EXPECT_EQ(times.Quantile(0.5), microseconds(32));
  EXPECT_EQ(times.Quantile(0.75), microseconds(32));
  EXPECT_EQ(times.Quantile(0.76), microseconds(131'072));
  EXPECT_EQ(times.Quantile(1), microseconds(131'072));
}

TEST(LatencyHistogramTest, WithoutCallsThereIsNoQuantile) {
  EXPECT_EQ(LatencyHistogram().Quantile(0.5), microseconds(0));
}

TEST(LatencyHistogramTest, AboveAllBoundsTheQuantileIsTheLastOne) {
  EXPECT_EQ(HistogramOf({std::chrono::hours(1)}).Quantile(0.5),
            LatencyHistogram::Bound(LatencyHistogram::kBounds - 1));
}

}  // namespace
}  // namespace piperpc
