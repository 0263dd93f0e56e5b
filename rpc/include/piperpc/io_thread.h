// A thread that carries the connections of several channels.
//
//     auto thread = piperpc::StartIoThread();
//     piperpc::ChannelOptions options;
//     options.io_thread = *thread;
//     for (const std::string& endpoint : endpoints) {
//       channels.push_back(piperpc::Connect(endpoint, options));
//     }
//
// A channel that is given none starts one of its own when a call needs it, which blocking unary
// calls do not. With hundreds of channels one thread for all of them is cheaper, and faster. What
// one callback does there delays the calls of all.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace piperpc {

namespace transport {
class Transport;
}

// Lives as long as the channels that it was given to. The last reference may go away on any thread,
// its own included. After fork() it is the parent's: channels that are given it in the child refuse
// all calls.
class IoThread;

struct IoThreadOptions {
  std::string backend = "auto";       // As in ServerOptions.
  std::chrono::microseconds spin{0};  // As in ServerOptions.

  // Instead of the system's: see piperpc/in_process.h, which says how long it must live.
  transport::Transport* transport = nullptr;
};

// INVALID_ARGUMENT: a backend that this system has not, or an option out of its range;
// FAILED_PRECONDITION: a backend that this system does not allow at the moment;
// RESOURCE_EXHAUSTED: the system refuses a loop or a thread.
absl::StatusOr<std::shared_ptr<IoThread>> StartIoThread(IoThreadOptions options = {});

}  // namespace piperpc
