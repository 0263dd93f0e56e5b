// What is counted of one call.
#pragma once

#include "piperpc/server_context.h"
#include "src/metrics/method_cells.h"

namespace piperpc::server {

struct CallCounts {
  CallTraffic traffic;
  metrics::MethodCells* cells = nullptr;  // Null: there are no metrics.
};

}  // namespace piperpc::server
