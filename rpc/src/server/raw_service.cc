#include "piperpc/raw_service.h"

#include <utility>

#include "piperpc/internal/thunks.h"

namespace piperpc {

template <auto kHandler>
void RawService::StartWithRequest(Service& service, internal::ServerCall& call) {
  auto& self = static_cast<RawService&>(service);
  auto& handler = self.handlers_.find(call.context().method())->second.*kHandler;
  RawMessage request;
  if (!internal::ParseRequest(call, request)) return;
  internal::OpenHandler(call, [&] { return handler(call.context(), std::move(request)); });
}

template <auto kHandler>
void RawService::StartWithReader(Service& service, internal::ServerCall& call) {
  auto& self = static_cast<RawService&>(service);
  auto& handler = self.handlers_.find(call.context().method())->second.*kHandler;
  internal::OpenHandler(call, [&] { return handler(call.context(), CoReader<RawMessage>(call)); });
}

// What is wrong with it is told when the service is added to a server: so the table shows a method
// that comes twice as often as it does, and one without a handler without its start().
template <auto kHandler, typename Handler>
void RawService::Add(std::string_view method, MethodType type, Start start, Handler handler) {
  const auto slot = handlers_.try_emplace(name_ + "/" + std::string(method)).first;
  methods_.push_back(
      {.name = slot->first, .type = type, .start = handler == nullptr ? nullptr : start});
  slot->second.*kHandler = std::move(handler);
}

void RawService::AddUnary(std::string_view method, Unary handler) {
  Add<&Handlers::unary>(method, MethodType::kUnary, &StartWithRequest<&Handlers::unary>,
                        std::move(handler));
}

void RawService::AddServerStreaming(std::string_view method, ServerStreaming handler) {
  Add<&Handlers::server_streaming>(method, MethodType::kServerStreaming,
                                   &StartWithRequest<&Handlers::server_streaming>,
                                   std::move(handler));
}

void RawService::AddClientStreaming(std::string_view method, ClientStreaming handler) {
  Add<&Handlers::client_streaming>(method, MethodType::kClientStreaming,
                                   &StartWithReader<&Handlers::client_streaming>,
                                   std::move(handler));
}

void RawService::AddBidirectional(std::string_view method, Bidirectional handler) {
  Add<&Handlers::bidirectional>(method, MethodType::kBidirectional,
                                &StartWithReader<&Handlers::bidirectional>, std::move(handler));
}

}  // namespace piperpc
