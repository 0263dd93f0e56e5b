// Code that sees every call, on either side.
//
// Middleware is an onion around the call. Before() runs first to last; After() of each one whose
// Before() gave OK runs last to first, exactly once, however the call ends: a later Before()
// refuses, the handler throws, the deadline passes, the peer is gone, the server shuts down.
//
// It should not throw: a Before() that does refuses its call with INTERNAL, or RESOURCE_EXHAUSTED
// for std::bad_alloc, and what was thrown is in the log only.
#pragma once

#include "absl/status/status.h"
#include "piperpc/client_context.h"
#include "piperpc/server_context.h"

namespace piperpc {

// On the server. It sees every call that names a method, also those that no handler will: of a
// method that is not there or is of another type, above a limit, or refused by an access rule.
// Several loops call it side by side; for one call, one of them.
class ServerMiddleware {
 public:
  virtual ~ServerMiddleware() = default;

  // Before the handler, and before anything of the call is checked. A status that is not OK is what
  // the caller gets. On the event loop: must not block.
  virtual absl::Status Before(ServerContext& context) = 0;

  // After the call, with the status that the caller gets, before its text and details are cut to
  // what a response holds (16 KiB, 64 details); trailers are on their way already. On the event
  // loop. Of a call whose caller does not wait any more it is the reason for that: CANCELLED,
  // or DEADLINE_EXCEEDED. A caller says in both cases only that it gives up; that is taken for the
  // deadline where less than 10 ms are left until then, and less than a quarter of the timeout.
  virtual void After(ServerContext& context, const absl::Status& status) = 0;
};

// On the client, on whatever thread makes the call or ends it. WaitUntilReady() is no call.
class ClientMiddleware {
 public:
  virtual ~ClientMiddleware() = default;

  // Before anything is sent, and before the call's options are checked. A status that is not OK
  // ends the call with it.
  virtual absl::Status Before(ClientContext& context) = 0;

  // After the call, with how it ended: of a unary call before its caller learns of that, of a
  // stream on the channel's loop. What its caller does with the replies comes later, and so does a
  // status that follows from that: INTERNAL for a reply that is not a message of the method's type
  // or for a callback that throws, CANCELLED for a stream that is dropped or closed with replies
  // unread, INVALID_ARGUMENT for a stream of replies that turns out to be a single one.
  virtual void After(ClientContext& context, const absl::Status& status) = 0;
};

}  // namespace piperpc
