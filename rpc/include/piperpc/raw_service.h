// A service whose messages are bytes instead of typed messages: for a proxy, a gateway, a recorder.
//
//     piperpc::RawService proxy("demo.v1.Greeter");
//     proxy.AddUnary("Greet", [&](piperpc::ServerContext& context, piperpc::RawMessage request)
//                                 -> piperpc::Task<absl::StatusOr<piperpc::RawMessage>> { … });
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "piperpc/export.h"
#include "piperpc/internal/codec.h"
#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/service.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"

namespace piperpc {

// Add all methods before the service is added to a server, which it must outlive. A lambda that is
// a coroutine uses its captures while it runs: the service keeps them alive.
class PIPERPC_EXPORT RawService final : public Service {
 public:
  using Unary = std::function<Task<absl::StatusOr<RawMessage>>(ServerContext&, RawMessage)>;
  using ServerStreaming = std::function<Stream<RawMessage>(ServerContext&, RawMessage)>;
  using ClientStreaming =
      std::function<Task<absl::StatusOr<RawMessage>>(ServerContext&, CoReader<RawMessage>)>;
  using Bidirectional = std::function<Stream<RawMessage>(ServerContext&, CoReader<RawMessage>)>;

  explicit RawService(std::string name) : name_(std::move(name)) {}  // "package.Service".
  RawService(const RawService&) = delete;
  RawService& operator=(const RawService&) = delete;

  // `method` is the name without the service's ("Greet"). Server::AddService() refuses a service
  // with an empty handler, or with two handlers for one method.
  void AddUnary(std::string_view method, Unary handler);
  void AddServerStreaming(std::string_view method, ServerStreaming handler);
  void AddClientStreaming(std::string_view method, ClientStreaming handler);
  void AddBidirectional(std::string_view method, Bidirectional handler);

  std::string_view name() const override { return name_; }
  std::span<const Method> methods() const override { return methods_; }

 private:
  struct Handlers {
    Unary unary;
    ServerStreaming server_streaming;
    ClientStreaming client_streaming;
    Bidirectional bidirectional;
  };
  using Start = void (*)(Service&, internal::ServerCall&);

  template <auto kHandler>
  static void StartWithRequest(Service& service, internal::ServerCall& call);
  template <auto kHandler>
  static void StartWithReader(Service& service, internal::ServerCall& call);

  template <auto kHandler, typename Handler>
  void Add(std::string_view method, MethodType type, Start start, Handler handler);

  std::string name_;
  std::map<std::string, Handlers, std::less<>> handlers_;  // The keys are what `methods_` names.
  std::vector<Method> methods_;
};

}  // namespace piperpc
