// The typed side of a method: what generated method tables point to. Parses the request, calls the
// handler, and ends the call with what the handler gives. One template for each method type.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/export.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/server_call.h"
#include "piperpc/reader.h"
#include "piperpc/service.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"

namespace piperpc::internal {

// The `size` bytes of a request of `method` could not be parsed: INVALID_ARGUMENT, or, without the
// memory for it, RESOURCE_EXHAUSTED.
PIPERPC_EXPORT absl::Status MalformedRequest(std::string_view method, std::size_t size,
                                             ParseResult why);

// UNIMPLEMENTED: the service has `method` in its .proto, but no handler for it.
PIPERPC_EXPORT absl::Status Unimplemented(std::string_view method);

// False when the request could not be parsed, and the call has ended with that.
template <typename Request>
bool ParseRequest(ServerCall& call, Request& request) {
  const ParseResult parsed = ParseMessage(call.request(), request);
  if (parsed == ParseResult::kParsed) return true;
  call.Finish(MalformedRequest(call.context().method(), call.request().size(), parsed));
  return false;
}

// A handler that gives one response.
template <typename Response>
class SingleResponseHandler final : public Handler {
 public:
  SingleResponseHandler(ServerCall& call, Task<absl::StatusOr<Response>> task)
      : call_(call), task_(std::move(task)) {}

  void Start() { task_.Start(&Done, this); }

 private:
  static void Done(void* self) { static_cast<SingleResponseHandler*>(self)->Respond(); }

  void Respond() {
    RunGuarded(
        [this] {
          const absl::StatusOr<Response>& response = task_.Result();
          if (response.ok()) {
            call_.FinishWith(OutMessage::Of(*response));
          } else {
            call_.Finish(response.status());
          }
        },
        [this](std::exception_ptr thrown) { call_.Throw(std::move(thrown)); });
  }

  ServerCall& call_;
  Task<absl::StatusOr<Response>> task_;
};

// A handler that gives a stream of them.
template <typename Response>
class StreamHandler final : public Handler {
 public:
  StreamHandler(ServerCall& call, Stream<Response> stream)
      : call_(call), stream_(std::move(stream)) {}

  void Start() { stream_.Start(call_); }

 private:
  ServerCall& call_;
  Stream<Response> stream_;
};

template <typename Response>
void RunHandler(ServerCall& call, Task<absl::StatusOr<Response>> task) {
  call.handler().Emplace<SingleResponseHandler<Response>>(call, std::move(task)).Start();
}

template <typename Response>
void RunHandler(ServerCall& call, Stream<Response> stream) {
  call.handler().Emplace<StreamHandler<Response>>(call, std::move(stream)).Start();
}

// Runs `open`, which gives the handler's Task or Stream. A handler that is no coroutine may throw
// already here.
template <typename Open>
void OpenHandler(ServerCall& call, Open open) {
  RunGuarded([&] { RunHandler(call, open()); },
             [&call](std::exception_ptr thrown) { call.Throw(std::move(thrown)); });
}

// start() of a method that takes one request: unary and server-streaming.
template <typename S, typename Request, auto kHandler>
void StartWithRequest(Service& service, ServerCall& call) {
  Request request;
  if (!ParseRequest(call, request)) return;
  OpenHandler(call, [&] {
    return (static_cast<S&>(service).*kHandler)(call.context(), std::move(request));
  });
}

// start() of a method that takes a stream of them: client-streaming and bidirectional.
template <typename S, typename Request, auto kHandler>
void StartWithReader(Service& service, ServerCall& call) {
  OpenHandler(call, [&] {
    return (static_cast<S&>(service).*kHandler)(call.context(), CoReader<Request>(call));
  });
}

}  // namespace piperpc::internal
