#include "piperpc/catch_all_service.h"

#include "piperpc/internal/thunks.h"

namespace piperpc {

CatchAllService::CatchAllService(OneRequest one_request, RequestStream request_stream)
    : one_request_(std::move(one_request)), request_stream_(std::move(request_stream)) {}

void CatchAllService::RequireLogin() {
  for (Method& method : methods_) method.requires_login = true;
}

absl::Status CatchAllService::Check() const {
  if (one_request_ != nullptr && request_stream_ != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the catch-all service needs two handlers, one for calls with one request and one for calls "
      "with a stream of them");
}

void CatchAllService::StartOneRequest(Service& service, internal::ServerCall& call) {
  const auto& self = static_cast<CatchAllService&>(service);
  RawMessage request;
  if (!internal::ParseRequest(call, request)) return;
  internal::OpenHandler(call,
                        [&] { return self.one_request_(call.context(), std::move(request)); });
}

void CatchAllService::StartRequestStream(Service& service, internal::ServerCall& call) {
  const auto& self = static_cast<CatchAllService&>(service);
  internal::OpenHandler(
      call, [&] { return self.request_stream_(call.context(), CoReader<RawMessage>(call)); });
}

}  // namespace piperpc
