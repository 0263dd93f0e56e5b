// A transport between servers and clients in one process, without sockets or files: for a program
// that calls services which it hosts itself. For tests there is a server with its clients in one
// line, piperpc/testing/in_process_server.h.
//
//     const auto in_process = piperpc::NewInProcessTransport();
//     piperpc::Server server({.transport = in_process.get()});
//     absl::Status status = server.AddService(greeter);
//     if (status.ok()) status = server.Start("greeter");
//     auto channel = piperpc::Connect("greeter", {.transport = in_process.get()});
//
// Everything else is as between processes: limits, deadlines, flow control, middleware, and the
// threads of both sides. The peer of both sides is this process. Access rules do not apply: whoever
// has the transport object may connect.
//
// After fork(), a transport that was used before belongs to the parent process, as its servers do.
// In the child, Start() of servers, StartIoThread() and calls with it fail with
// FAILED_PRECONDITION; create a new transport there.
#pragma once

#include <memory>

#include "piperpc/export.h"

namespace piperpc {

namespace transport {
class Transport;
}

// Creates a transport with a namespace of endpoints of its own; an endpoint is any text that is not
// empty. Thread-safe. The object must outlive the servers that use it. Channels and IoThreads
// keep it alive from when they are given it.
PIPERPC_EXPORT std::shared_ptr<transport::Transport> NewInProcessTransport();

}  // namespace piperpc
