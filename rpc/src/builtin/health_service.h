#pragma once

#include "absl/status/statusor.h"
#include "piperpc/server_context.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"
#include "piperpc/v1/health.piperpc.h"
#include "src/builtin/health_board.h"

namespace piperpc::builtin {

// piperpc.v1.HealthService, over a board that outlives it.
class HealthServiceImpl final : public v1::HealthService {
 public:
  explicit HealthServiceImpl(HealthBoard& board) : board_(board) {}

  Task<absl::StatusOr<v1::CheckResponse>> CoCheck(ServerContext& context,
                                                  v1::CheckRequest request) override;
  Stream<v1::WatchResponse> CoWatch(ServerContext& context, v1::WatchRequest request) override;

 private:
  HealthBoard& board_;
};

}  // namespace piperpc::builtin
