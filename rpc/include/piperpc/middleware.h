// Code that sees every call, on either side. It should not throw: a Before() that does ends its
// call with INTERNAL, and what was thrown goes to the log.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "piperpc/metadata.h"
#include "piperpc/server_context.h"

namespace piperpc {

// On the server. Several loops call it side by side.
class ServerMiddleware {
 public:
  virtual ~ServerMiddleware() = default;

  // Before the handler, and before the method's access rule is looked at. A status that is not OK
  // ends the call with it. On the event loop: must not block.
  virtual absl::Status Before(ServerContext& context) = 0;

  // After the call, with how it ended; for each call whose Before() was OK. On the event loop.
  virtual void After(ServerContext& context, const absl::Status& status) = 0;
};

// A call as the client's middleware sees it.
struct ClientCallInfo {
  std::string_view method;  // "package.Service/Method".
  Metadata& metadata;       // What will be sent along; may be changed in Before().
};

// On the client, on whatever thread makes the call or ends it.
class ClientMiddleware {
 public:
  virtual ~ClientMiddleware() = default;

  // Before anything is sent. A status that is not OK ends the call with it.
  virtual absl::Status Before(ClientCallInfo& call) = 0;

  // After the call, with how it ended; for each call whose Before() was OK.
  virtual void After(std::string_view method, const absl::Status& status) = 0;
};

}  // namespace piperpc
