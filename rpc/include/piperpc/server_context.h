// What a handler can find out about its call, and do to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/call_values.h"
#include "piperpc/export.h"
#include "piperpc/metadata.h"
#include "piperpc/peer.h"
#include "piperpc/session_state.h"

namespace piperpc {

// Messages of a call, and their bytes without frames.
struct CallTraffic {
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
};

class Executor;
class WorkerPool;

// Passed to each handler by reference; valid until the handler has ended. On the call's executor,
// the event loop where middleware and coroutine handlers run, everything may be called. On a worker
// thread (blocking handlers, RunBlocking()) everything but Stop(), traffic() and changes of
// values().
//
// A handler that fails returns an absl::Status, and may attach details to it for the caller:
//
//     absl::Status status = absl::NotFoundError("no such account");
//     status.SetPayload("type.googleapis.com/demo.v1.Hint", absl::Cord(hint.SerializeAsString()));
//
// Code, text and details have at most 16,384 bytes together, with at most 64 details. What exceeds
// that is cut off, the end of the text first and then whole details, and the server logs "error
// details cut".
class PIPERPC_EXPORT ServerContext {
 public:
  // "package.Service/Method". In a middleware, of a call that is refused, it may also be a text
  // that is no method name: then with control characters escaped, and, where it is longer than 256
  // bytes, its beginning and "... (300 bytes)". Method names are never cut.
  virtual std::string_view method() const = 0;

  // The caller, as the kernel saw it when it connected.
  virtual const Peer& peer() const = 0;

  // The metadata that the caller sent.
  virtual const Metadata& metadata() const = 0;

  // When the caller gives up; time_point::max(): never.
  virtual std::chrono::steady_clock::time_point deadline() const = 0;

  // When the server received the call.
  virtual std::chrono::steady_clock::time_point started() const = 0;

  // What was received and sent of the call so far. It is counted where the server has middleware or
  // metrics, else all are 0. Only on the call's executor.
  virtual CallTraffic traffic() const = 0;

  // Stops when the result is no longer wanted: the caller cancelled or disconnected, the deadline
  // has passed, or the server shuts down. Its callbacks run on the event loop: keep them short.
  virtual std::stop_token stop_token() = 0;

  // Stops when the server begins to shut down, and at the latest when stop_token() does. For calls
  // that would otherwise go on until somebody ends them, such as a watch or a subscription, and so
  // hold up the shutdown for its whole grace period: they should end here, with UNAVAILABLE. It
  // does not interrupt a co_yield that waits for the client. Callbacks: as above.
  virtual std::stop_token drain_token() = 0;

  // Ends the call for its caller with `reason`, which must not be OK. As when the deadline passes,
  // stop_token() stops, and a handler that waits in a co_yield ends there. Does nothing when the
  // call has ended or was stopped. Only on the call's executor, to which other threads can post
  // (Executor::Handle), and not after the handler's end.
  virtual void Stop(absl::Status reason) = 0;

  // Values that middleware and the handler keep for this call. To be changed only on the call's
  // executor, and not while a worker reads them (see call_values.h).
  virtual CallValues& values() = 0;

  // The state of the caller's connection, such as its login.
  virtual SessionState& session() = 0;

  // Adds metadata that is sent after the reply. Before the handler returns, on any of its threads,
  // or in Before() of a middleware; in After() it does nothing. The call ends with
  // RESOURCE_EXHAUSTED when all trailers together exceed the client's limit on metadata, and with
  // INTERNAL when a key is not valid (metadata.h): the log then names the key ("invalid trailer").
  virtual void AddTrailer(std::string_view key, std::string_view value) = 0;

  // The event loop where coroutine handlers of this call run, and the server's threads for work
  // that blocks (RunBlocking() in piperpc/async.h).
  virtual Executor& executor() = 0;
  virtual WorkerPool& workers() = 0;

 protected:
  ~ServerContext() = default;
};

}  // namespace piperpc
