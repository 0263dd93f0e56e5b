// Servers and clients of one process, without a socket or a file between them: for tests of a
// service, and for a program that hosts services which it also calls itself.
//
//     const auto in_process = piperpc::NewInProcessTransport();
//     piperpc::Server server({.transport = in_process.get()});
//     server.AddService(greeter);
//     server.Start("greeter");
//     auto channel = piperpc::Connect("greeter", {.transport = in_process.get()});
//
// All else is as between processes: frames, limits, credit, deadlines, middleware, the threads of
// both sides, and what a peer is told. The peer of both sides is this process. Access rules do not
// apply: whoever has the transport may connect.
#pragma once

#include <memory>

namespace piperpc {

namespace transport {
class Transport;
}

// Endpoints are names within the object, of any characters: two of these know nothing of each
// other. Any thread. It must outlive the servers that it is given to; channels and IoThreads keep
// it alive.
std::shared_ptr<transport::Transport> NewInProcessTransport();

}  // namespace piperpc
