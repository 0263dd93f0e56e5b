// A service that handles the calls of all services that were not added to a server, with bytes
// instead of typed messages: for a proxy, a gateway or a recorder. examples/proxy uses it.
//
//     piperpc::CatchAllService rest(
//         [](piperpc::ServerContext& context, piperpc::RawMessage request) {
//           return Forward(context, std::move(request));
//         },
//         [](piperpc::ServerContext& context, piperpc::CoReader<piperpc::RawMessage> requests) {
//           return ForwardAll(context, requests);
//         });
//     absl::Status status = server.AddCatchAll(rest);
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/export.h"
#include "piperpc/raw_message.h"
#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/service.h"
#include "piperpc/stream.h"

namespace piperpc {

namespace server {
class Dispatcher;
}

// The server does not know the types of these methods, only whether a call has one request or a
// stream of them. So there are two handlers, and what they yield decides what the client gets:
//
//     co_yield message;   // A RawMessage: streamed to the client. Any number of them, and then
//     co_yield response;  // a RawResponse: ends the call with OK and this message, or
//     co_yield status;    // an absl::Status that is not OK: ends the call with it.
//
// For a method with one reply the handler yields only the response; after a RawMessage, the client
// ends the call with INVALID_ARGUMENT. For one that streams its
// replies it yields messages, and ends by returning or with a response of 0 bytes, which is the
// same. So a handler that forwards a call need not know which of the two it is.
//
// ServerContext::method() is the name that the client called: "package.Service/Method", up to 1,024
// bytes, of identifiers as in a .proto. Other names, and unknown methods of services that were
// added, end with UNIMPLEMENTED before they reach this. Limits, credit, deadlines, stop tokens,
// middleware and the log work as for every other call. Server::service_names() and reflection do
// not list it. As with every Service, calls may run at the same time, on several threads.
class PIPERPC_EXPORT CatchAllService final : private Service {
 public:
  using OneRequest = std::function<Stream<RawMessage>(ServerContext&, RawMessage)>;
  using RequestStream = std::function<Stream<RawMessage>(ServerContext&, CoReader<RawMessage>)>;

  // Neither handler may be empty. A lambda that is a coroutine uses its captures while it runs:
  // this object keeps them alive, and must outlive the server.
  CatchAllService(OneRequest one_request, RequestStream request_stream);
  CatchAllService(const CatchAllService&) = delete;
  CatchAllService& operator=(const CatchAllService&) = delete;

  // From now on, calls end with UNAUTHENTICATED on a connection without a login
  // (SessionState::user()). Must be called before the service is added to a server.
  void RequireLogin();

 private:
  friend class server::Dispatcher;

  static void StartOneRequest(Service& service, internal::ServerCall& call);
  static void StartRequestStream(Service& service, internal::ServerCall& call);

  // INVALID_ARGUMENT: a handler is missing.
  absl::Status Check() const;

  std::string_view name() const override { return {}; }
  std::span<const Method> methods() const override { return methods_; }

  const OneRequest one_request_;
  const RequestStream request_stream_;
  Method methods_[2] = {
      {.name = {}, .type = MethodType::kServerStreaming, .start = &StartOneRequest},
      {.name = {}, .type = MethodType::kBidirectional, .start = &StartRequestStream}};
};

}  // namespace piperpc
