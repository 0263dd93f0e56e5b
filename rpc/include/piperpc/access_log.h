// A middleware that logs each call of a server when it has ended.
//
//     piperpc::Server server({.middleware = {piperpc::AccessLog({.log = ToMyLog})}});
#pragma once

#include <cstdint>
#include <memory>

#include "piperpc/export.h"
#include "piperpc/log.h"
#include "piperpc/middleware.h"

namespace piperpc {

struct AccessLogOptions {
  // Gets a record for each call: level kInfo, event "call", and as fields
  //   peer_pid, peer_user   the caller
  //   method                "package.Service/Method"; of a call that was refused see
  //                         ServerContext::method()
  //   status                the name of the code, such as "NOT_FOUND"; no text, which may hold what
  //                         the caller has sent
  //   us                    microseconds since the server received it
  //   messages_received, messages_sent, bytes_received, bytes_sent
  //                         see CallTraffic
  // On the call's event loop: must not block. Without it, nothing is logged.
  LogHook log{};

  // Of calls that end with OK, one in so many is logged, the first of them first; of the others
  // each. 0 and 1: all of them.
  std::uint32_t one_in = 1;
};

// Put it first: then it sees what the other middleware has refused.
PIPERPC_EXPORT std::shared_ptr<ServerMiddleware> AccessLog(AccessLogOptions options);

}  // namespace piperpc
