// Middleware: code that runs around every call, on the server or on the client.
//
// Before() of each middleware runs first to last. After() runs last to first, exactly once for each
// middleware whose Before() returned OK, however the call ends: a later Before() refuses it, the
// handler throws, the deadline passes, the peer disconnects, the server shuts down.
//
// Middleware should not throw. When Before() does, the call ends with INTERNAL, or with
// RESOURCE_EXHAUSTED for std::bad_alloc; the exception itself is only in the log.
#pragma once

#include "absl/status/status.h"
#include "piperpc/client_context.h"
#include "piperpc/export.h"
#include "piperpc/server_context.h"

namespace piperpc {

// On the server. Sees every call that names a method, also those that no handler sees: of unknown
// methods or of another method type, above a limit, or refused by an access rule. With several
// event loops it is called on several threads at the same time, but for one call always on the
// same.
class PIPERPC_EXPORT ServerMiddleware {
 public:
  virtual ~ServerMiddleware() = default;

  // Runs before the handler, and before the call is checked. A status that is not OK ends the call
  // with that status. On the event loop: must not block.
  virtual absl::Status Before(ServerContext& context) = 0;

  // Runs after the call, with the status that the caller gets, before its text and details are cut
  // to what a response holds (16 KiB, 64 details). It is too late to add trailers: AddTrailer()
  // does nothing. On the event loop: must not block. When the caller has given up, the status is
  // CANCELLED or DEADLINE_EXCEEDED; since a cancel does not say which, it counts as the deadline
  // when less than 10 ms and less than a quarter of the timeout are left.
  virtual void After(ServerContext& context, const absl::Status& status) = 0;
};

// On the client, on the thread that makes the call or the one that ends it. Does not see
// Channel::WaitUntilReady(), which is not a call.
class PIPERPC_EXPORT ClientMiddleware {
 public:
  virtual ~ClientMiddleware() = default;

  // Runs before anything is sent, and before the call's options are checked. A status that is not
  // OK ends the call with that status.
  virtual absl::Status Before(ClientContext& context) = 0;

  // Runs after the call, with the status that it ended with: of a unary call before its caller gets
  // it, of a stream on the channel's loop. It does not include what happens later, when the caller
  // reads the replies: INTERNAL for a reply that cannot be parsed or a callback that throws,
  // CANCELLED for a stream that is dropped with replies unread, INVALID_ARGUMENT for a method that
  // turns out to return a single reply.
  virtual void After(ClientContext& context, const absl::Status& status) = 0;
};

}  // namespace piperpc
