// What a service is to the server: a name and a table of methods. Generated code fills both.
#pragma once

#include <span>
#include <string_view>

namespace piperpc {

namespace internal {
class ServerCall;
}

class Service;

// What goes in and out: one message or a stream of them.
enum class MethodType { kUnary, kServerStreaming, kClientStreaming, kBidirectional };

constexpr bool StreamsRequests(MethodType type) {
  return type == MethodType::kClientStreaming || type == MethodType::kBidirectional;
}
constexpr bool StreamsReplies(MethodType type) {
  return type == MethodType::kServerStreaming || type == MethodType::kBidirectional;
}

// A row of a service's method table. Static data: whoever makes one keeps it alive.
struct Method {
  std::string_view name;  // "package.Service/Method".
  MethodType type = MethodType::kUnary;
  bool requires_login = false;  // The access rule of the .proto (piperpc/v1/annotations.proto).

  // Begins `call` on `service`. Runs on the call's loop.
  void (*start)(Service& service, internal::ServerCall& call) = nullptr;
};

// The base of every generated service class. Calls of different connections reach it side by side,
// on several threads when the server has several loops or workers.
class Service {
 public:
  virtual ~Service() = default;

  virtual std::string_view name() const = 0;            // "package.Service".
  virtual std::span<const Method> methods() const = 0;  // As long as the service lives.
};

}  // namespace piperpc
