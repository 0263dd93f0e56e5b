// What a Metrics object holds: the methods that were counted, and what is counted of servers.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/metrics.h"
#include "src/metrics/method_cells.h"

namespace piperpc::metrics {

enum class Side { kServer, kClient };

// Those who count on different threads at once have cells of their own, while there are not too
// many of them.
class MethodCounters {
 public:
  // `number`: any; of the loop, or of the channel.
  MethodCells& Of(std::size_t number) { return cells_[number % cells_.size()]; }

  MethodMetrics Read(std::string_view method) const;

 private:
  std::array<MethodCells, 4> cells_;
};

// Of a server that runs.
class BudgetSource {
 public:
  // Adds what it has at this moment. Any thread.
  virtual void AddTo(MetricsSnapshot& snapshot) const = 0;

 protected:
  ~BudgetSource() = default;
};

// Thread-safe.
class Registry {
 public:
  // Stays where it is as long as the registry lives.
  MethodCounters& Find(Side side, std::string_view method);

  // Those of all methods that have no counters of their own.
  MethodCounters& Others(Side side) { return others_[Index(side)]; }

  struct ServerCounters {
    CountersByCode refused_calls{};
    Counter connections_opened = 0;
    CountersByCode connections_closed{};
    CountersByCode connections_refused{};
  };
  ServerCounters& server() { return server_; }

  // `source` is asked from now on, and not any more.
  void Add(const BudgetSource& source);
  void Remove(const BudgetSource& source);

  MetricsSnapshot Read() const;

 private:
  using Methods = std::map<std::string, std::unique_ptr<MethodCounters>, std::less<>>;

  static std::size_t Index(Side side) { return static_cast<std::size_t>(side); }
  std::vector<MethodMetrics> ReadMethods(Side side) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ServerCounters server_;
  std::array<MethodCounters, 2> others_;  // By side, as below.

  mutable internal::Mutex mutex_;
  std::array<Methods, 2> methods_ ABSL_GUARDED_BY(mutex_);
  std::vector<const BudgetSource*> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace piperpc::metrics
