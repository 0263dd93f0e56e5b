// Handles the calls of services that nobody has added to a server, with bytes instead of typed
// messages: for a proxy, a gateway, a recorder. examples/proxy is made with it.
//
//     piperpc::CatchAllService rest(
//         [](piperpc::ServerContext& context, piperpc::RawMessage request) {
//           return Forward(context, std::move(request));
//         },
//         [](piperpc::ServerContext& context, piperpc::Reader<piperpc::RawMessage> requests) {
//           return ForwardAll(context, requests);
//         });
//     absl::Status status = server.AddCatchAll(rest);
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/raw_message.h"
#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/service.h"
#include "piperpc/stream.h"

namespace piperpc {

namespace server {
class Dispatcher;
}

// The server cannot know the types of these methods; all that it sees is whether a call has one
// request or a stream of them. So there are two handlers, and what they yield decides what the
// client gets. One that forwards a call does not know the method's type either, and need not:
//
//     co_yield message;             // Any number of them, each as soon as it is there; then
//     co_yield response;            // a RawResponse: ends the call with OK and this message, or
//     co_yield status;              // an absl::Status that is not OK: ends the call with it.
//
// A method that gives one reply has no messages before its response; one that streams its replies
// ends with a response of 0 bytes, or off the end of its handler, which is the same.
//
// The context's method() is what the client has called: a "package.Service/Method" of up to 1,024
// bytes, made of identifiers as in a .proto, whose service was not added. An unknown method of a
// service that was added stays UNIMPLEMENTED, and so does what is not such a name. Limits, credit,
// deadlines, stop tokens, middleware and the log are as for every other call.
// Server::service_names() and reflection do not show it. Calls reach it as they reach a Service:
// side by side, on several threads.
class CatchAllService final : private Service {
 public:
  using OneRequest = std::function<Stream<RawMessage>(ServerContext&, RawMessage)>;
  using RequestStream = std::function<Stream<RawMessage>(ServerContext&, Reader<RawMessage>)>;

  // Lambdas that are coroutines must keep their captures alive: the object does, as long as it
  // lives.
  CatchAllService(OneRequest one_request, RequestStream request_stream);
  CatchAllService(const CatchAllService&) = delete;
  CatchAllService& operator=(const CatchAllService&) = delete;

  // Calls on a connection that has no login (SessionState::user()) end with UNAUTHENTICATED. Before
  // it is added to a server.
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
