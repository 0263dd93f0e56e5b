// What a handler knows of its call.
#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/call_values.h"
#include "piperpc/metadata.h"
#include "piperpc/peer.h"
#include "piperpc/session_state.h"

namespace piperpc {

class Executor;
class WorkerPool;

// Given to each handler by reference; valid until the handler has ended. Middleware and coroutine
// handlers have it on the event loop, the call's executor; there everything may be called. Work of
// theirs on a worker (RunBlocking) may call everything but Stop() and what changes values(),
// which say more; trailers, too, may come from both.
//
// A handler that fails gives an absl::Status, and may attach details to it, which reach the caller:
//
//     absl::Status status = absl::NotFoundError("no such account");
//     status.SetPayload("type.googleapis.com/demo.v1.Hint", absl::Cord(hint.SerializeAsString()));
//
// Code, text and details have 16,384 bytes together; there are 64 details at the most. What exceeds
// that is left out: the end of the text, then whole details. The server's log says so
// ("error details cut").
class ServerContext {
 public:
  // "package.Service/Method".
  virtual std::string_view method() const = 0;

  // The caller, as the kernel saw it when it connected.
  virtual const Peer& peer() const = 0;

  // What the caller sent along.
  virtual const Metadata& metadata() const = 0;

  // When the caller gives up; time_point::max() when it never does.
  virtual std::chrono::steady_clock::time_point deadline() const = 0;

  // Stops when nobody waits for the result any more: the caller cancelled or is gone, the deadline
  // has passed, or the server shuts down. Callbacks on it run on the event loop: keep them short.
  virtual std::stop_token stop_token() = 0;

  // Stops when the server begins its shutdown, and at the latest when stop_token() does. For calls
  // that go on until somebody ends them, such as a watch or a subscription: they end here, best
  // with UNAVAILABLE, as each of them would hold up the shutdown for its whole grace. Others go on,
  // to their own end. A yield that waits for its reader goes on waiting. Callbacks: as above.
  virtual std::stop_token drain_token() = 0;

  // Ends the call for its caller with `reason`, which is not OK, as a deadline that has passed
  // does: the token above stops, and a stream that waits in a yield for its reader ends there.
  // Nothing when the call has ended or was stopped. Only on the call's executor, to which other
  // threads post (Executor::Handle), and not after the handler's end.
  virtual void Stop(absl::Status reason) = 0;

  // What middleware and the handler keep for this call. Changed only on the call's executor, and
  // not while a worker looks at it (see call_values.h).
  virtual CallValues& values() = 0;

  // The connection's memory.
  virtual SessionState& session() = 0;

  // Metadata that travels back behind the reply. Up to the peer's metadata limit; what exceeds it
  // makes the call end with RESOURCE_EXHAUSTED, and a key that is not allowed (metadata.h), with
  // INTERNAL, as it is a fault of the handler's; the log names the key ("wrong trailer").
  virtual void AddTrailer(std::string_view key, std::string_view value) = 0;

  // The loop that coroutine handlers of this call run on, and the server's threads for work that
  // blocks (see piperpc/async.h, RunBlocking).
  virtual Executor& executor() = 0;
  virtual WorkerPool& workers() = 0;

 protected:
  ~ServerContext() = default;
};

}  // namespace piperpc
