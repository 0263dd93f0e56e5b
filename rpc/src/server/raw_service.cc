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
  internal::OpenHandler(call, [&] { return handler(call.context(), Reader<RawMessage>(call)); });
}

RawService::Handlers& RawService::Add(std::string_view method, MethodType type, Start start) {
  const auto [slot, added] = handlers_.try_emplace(name_ + "/" + std::string(method));
  if (added) methods_.push_back({.name = slot->first, .type = type, .start = start});
  return slot->second;
}

void RawService::AddUnary(std::string_view method, Unary handler) {
  Add(method, MethodType::kUnary, &StartWithRequest<&Handlers::unary>).unary = std::move(handler);
}

void RawService::AddServerStreaming(std::string_view method, ServerStreaming handler) {
  Add(method, MethodType::kServerStreaming, &StartWithRequest<&Handlers::server_streaming>)
      .server_streaming = std::move(handler);
}

void RawService::AddClientStreaming(std::string_view method, ClientStreaming handler) {
  Add(method, MethodType::kClientStreaming, &StartWithReader<&Handlers::client_streaming>)
      .client_streaming = std::move(handler);
}

void RawService::AddBidirectional(std::string_view method, Bidirectional handler) {
  Add(method, MethodType::kBidirectional, &StartWithReader<&Handlers::bidirectional>)
      .bidirectional = std::move(handler);
}

}  // namespace piperpc
