// A service as the server sees it: a name and a table of methods, both of generated code.
#pragma once

#include <span>
#include <string_view>

#include "piperpc/export.h"

namespace piperpc {

namespace internal {
class ServerCall;
}

class Service;

// Whether requests and replies are one message or a stream of them.
enum class MethodType { kUnary, kServerStreaming, kClientStreaming, kBidirectional };

constexpr MethodType MethodTypeOf(bool streams_requests, bool streams_replies) {
  if (streams_requests) {
    return streams_replies ? MethodType::kBidirectional : MethodType::kClientStreaming;
  }
  return streams_replies ? MethodType::kServerStreaming : MethodType::kUnary;
}
constexpr bool StreamsRequests(MethodType type) {
  return type == MethodType::kClientStreaming || type == MethodType::kBidirectional;
}
constexpr bool StreamsReplies(MethodType type) {
  return type == MethodType::kServerStreaming || type == MethodType::kBidirectional;
}

// A row of a service's method table. Does not own its name, which must live as long as the service.
struct Method {
  std::string_view name;  // "package.Service/Method".
  MethodType type = MethodType::kUnary;
  bool requires_login = false;  // The access rule of the .proto (piperpc/v1/annotations.proto).

  // Begins `call` on `service`. Runs on the call's event loop.
  void (*start)(Service& service, internal::ServerCall& call) = nullptr;
};

// The base of every generated service class. Its handlers may run at the same time, and on several
// threads when they block or the server has several event loops.
class PIPERPC_EXPORT Service {
 public:
  virtual ~Service() = default;

  virtual std::string_view name() const = 0;            // "package.Service".
  virtual std::span<const Method> methods() const = 0;  // Valid as long as the service.
};

}  // namespace piperpc
