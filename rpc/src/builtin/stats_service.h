#pragma once

#include "absl/status/statusor.h"
#include "piperpc/metrics.h"
#include "piperpc/server.h"
#include "piperpc/server_context.h"
#include "piperpc/v1/stats.piperpc.h"

namespace piperpc::builtin {

// piperpc.v1.StatsService. On workers: a server's loops are asked, and waited for.
class StatsServiceImpl final : public v1::StatsService {
 public:
  // Before any call. `server` outlives this.
  void set_server(const Server& server) { server_ = &server; }

  absl::StatusOr<v1::ListConnectionsResponse> ListConnections(
      ServerContext& context, const v1::ListConnectionsRequest& request) override;
  absl::StatusOr<v1::GetMetricsResponse> GetMetrics(ServerContext& context,
                                                    const v1::GetMetricsRequest& request) override;
  absl::StatusOr<v1::GetPrometheusTextResponse> GetPrometheusText(
      ServerContext& context, const v1::GetPrometheusTextRequest& request) override;
  absl::StatusOr<v1::GetLimitsResponse> GetLimits(ServerContext& context,
                                                  const v1::GetLimitsRequest& request) override;

 private:
  absl::StatusOr<MetricsSnapshot> ReadMetrics() const;

  const Server* server_ = nullptr;
};

}  // namespace piperpc::builtin
