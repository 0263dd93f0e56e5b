#include "src/metrics/registry.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace piperpc::metrics {
namespace {

constexpr std::string_view kOthers = "*";

std::uint64_t Load(const Counter& counter) { return counter.load(std::memory_order_relaxed); }

template <std::size_t kSize>
void AddTo(std::array<std::uint64_t, kSize>& sums, const std::array<Counter, kSize>& counters) {
  for (std::size_t i = 0; i < kSize; ++i) sums[i] += Load(counters[i]);
}

}  // namespace

// What has ended is read first: so no more calls seem to have ended than were started.
MethodMetrics MethodCounters::Read(std::string_view method) const {
  MethodMetrics sum;
  sum.method = method;
  std::uint64_t nanoseconds = 0;
  for (const MethodCells& cells : cells_) {
    AddTo(sum.ended, cells.ended);
    AddTo(sum.latency.counts, cells.latency);
    nanoseconds += Load(cells.nanoseconds);
    sum.messages_received += Load(cells.messages_received);
    sum.messages_sent += Load(cells.messages_sent);
    sum.bytes_received += Load(cells.bytes_received);
    sum.bytes_sent += Load(cells.bytes_sent);
    sum.retries += Load(cells.retries);
    sum.started += Load(cells.started);
  }
  // More nanoseconds than 63 bits hold are 292 years: 10,000 subscriptions have them in 11 days.
  sum.latency.sum = std::chrono::microseconds(
      static_cast<std::int64_t>(nanoseconds / 1000 + (nanoseconds % 1000 != 0 ? 1 : 0)));
  return sum;
}

MethodCounters& Registry::Find(Side side, std::string_view method) {
  const internal::MutexLock lock(mutex_);
  Methods& methods = methods_[Index(side)];
  if (const auto known = methods.find(method); known != methods.end()) return *known->second;
  if (methods.size() == MetricsSnapshot::kMostMethods) return Others(side);
  return *methods.emplace(method, std::make_unique<MethodCounters>()).first->second;
}

void Registry::Add(const BudgetSource& source) {
  const internal::MutexLock lock(mutex_);
  sources_.push_back(&source);
}

void Registry::Remove(const BudgetSource& source) {
  const internal::MutexLock lock(mutex_);
  std::erase(sources_, &source);
}

MetricsSnapshot Registry::Read() const {
  MetricsSnapshot snapshot;
  const internal::MutexLock lock(mutex_);
  snapshot.server = ReadMethods(Side::kServer);
  snapshot.client = ReadMethods(Side::kClient);
  AddTo(snapshot.refused_calls, server_.refused_calls);
  AddTo(snapshot.connections_closed, server_.connections_closed);
  AddTo(snapshot.connections_refused, server_.connections_refused);
  snapshot.connections_opened = Load(server_.connections_opened);
  for (const BudgetSource* const source : sources_) source->AddTo(snapshot);
  return snapshot;
}

std::vector<MethodMetrics> Registry::ReadMethods(Side side) const {
  std::vector<MethodMetrics> read;
  MethodMetrics others = others_[Index(side)].Read(kOthers);
  if (others.started != 0) read.push_back(std::move(others));
  for (const auto& [name, counters] : methods_[Index(side)]) read.push_back(counters->Read(name));
  return read;
}

}  // namespace piperpc::metrics
