// The budgets of a server, for who reads its metrics.
#pragma once

#include "src/connection/memory_budget.h"
#include "src/metrics/registry.h"
#include "src/server/connection_host.h"

namespace piperpc::server {

class ServerBudgets final : public metrics::BudgetSource {
 public:
  // `core` outlives it.
  explicit ServerBudgets(const ServerCore& core) : core_(core) {
    if (core.registry() != nullptr) core.registry()->Add(*this);
  }
  ~ServerBudgets() {
    if (core_.registry() != nullptr) core_.registry()->Remove(*this);
  }
  ServerBudgets(const ServerBudgets&) = delete;
  ServerBudgets& operator=(const ServerBudgets&) = delete;

  void AddTo(MetricsSnapshot& snapshot) const override {
    Add(core_.budget, snapshot.request_memory);
    Add(core_.reply_budget, snapshot.reply_memory);
  }

 private:
  static void Add(const connection::MemoryBudget& budget, BudgetMetrics& sum) {
    sum.used += budget.used();
    sum.limit += budget.limit();
  }

  const ServerCore& core_;
};

}  // namespace piperpc::server
