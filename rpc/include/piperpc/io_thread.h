// A thread that serves the connections of several channels.
//
//     auto thread = piperpc::StartIoThread();
//     piperpc::ChannelOptions options;
//     options.io_thread = *thread;
//     for (const std::string& endpoint : endpoints) {
//       channels.push_back(piperpc::Connect(endpoint, options));
//     }
//
// A channel without one starts a thread of its own when a call needs it. A blocking unary call
// needs none, unless it has a CallOptions::stop, or a request that the pipe does not take at once.
// With hundreds of channels, one thread for all of them is cheaper and faster. But a slow callback
// on it delays the calls of all these channels.
//
// In addition, while calls that nobody blocks in wait for a channel to connect, or for a server
// that is not running yet (wait_for_ready), that channel has a thread for it, with or without this
// one.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "piperpc/export.h"

namespace piperpc {

namespace transport {
class Transport;
}

// Channels keep it alive. The last reference may be dropped on any thread, its own included. After
// fork() it belongs to the parent process: a channel in the child that uses it refuses all calls.
class IoThread;

struct IoThreadOptions {
  std::string backend = "auto";       // As in ServerOptions.
  std::chrono::microseconds spin{0};  // As in ServerOptions.
  bool adaptive_spin = true;          // As in ServerOptions.

  // Null: pipes of the system. Else a transport as in piperpc/in_process.h, which says how long it
  // must live; the channels must have the same one.
  transport::Transport* transport = nullptr;
};

// Starts a thread. Any thread may call it.
//   INVALID_ARGUMENT: this system has no such backend, or an option is out of its range.
//   FAILED_PRECONDITION: this system does not allow the backend at the moment.
//   RESOURCE_EXHAUSTED: the system has no threads, descriptors or memory left.
PIPERPC_EXPORT absl::StatusOr<std::shared_ptr<IoThread>> StartIoThread(
    IoThreadOptions options = {});

}  // namespace piperpc
