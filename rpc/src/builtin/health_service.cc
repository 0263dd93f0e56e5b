#include "src/builtin/health_service.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace piperpc::builtin {

Task<absl::StatusOr<v1::CheckResponse>> HealthServiceImpl::CoCheck(ServerContext&,
                                                                   v1::CheckRequest request) {
  const std::optional<v1::ServingStatus> status = board_.Look(request.service());
  if (!status.has_value()) {
    co_return absl::NotFoundError(
        absl::StrCat("no service ", request.service(), " on this server"));
  }
  v1::CheckResponse response;
  response.set_status(*status);
  co_return response;
}

Stream<v1::WatchResponse> HealthServiceImpl::CoWatch(ServerContext& context,
                                                     v1::WatchRequest request) {
  const std::stop_token drain = context.drain_token();
  HealthBoard::Watcher watcher(board_);
  v1::WatchResponse last;
  bool changed = true;
  while (changed) {
    v1::WatchResponse now;
    now.set_status(board_.Look(request.service()).value_or(v1::SERVING_STATUS_SERVICE_UNKNOWN));
    if (now.status() != last.status()) {
      last = now;
      co_yield last;
    }
    changed = co_await watcher.event().Wait(drain);
  }
  if (last.status() == v1::SERVING_STATUS_SERVING) {
    last.set_status(v1::SERVING_STATUS_NOT_SERVING);
    co_yield last;
  }
  const absl::Status ended = absl::UnavailableError("the server is shutting down");
  co_yield ended;
}

}  // namespace piperpc::builtin
