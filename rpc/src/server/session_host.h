// What a session needs of the server around it.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/executor.h"
#include "piperpc/server.h"
#include "src/server/dispatcher.h"
#include "src/session/inbox.h"
#include "src/session/packet_buffer.h"
#include "src/transport/event_loop.h"

namespace piperpc {

class WorkerPool;

namespace server {

class Session;

// One for the whole server; read by all loops.
struct ServerCore {
  const ServerOptions& options;
  const Dispatcher& dispatcher;
  WorkerPool& workers;
  ReceiveBudget budget{options.parse_budget_bytes};
  std::atomic<std::size_t> calls = 0;

  void Log(LogLevel level, std::string_view event,
           std::vector<std::pair<std::string_view, std::string>> fields) const {
    if (options.log) options.log({level, event, std::move(fields)});
  }
};

// The loop that a session lives on.
class SessionHost {
 public:
  virtual ServerCore& core() = 0;
  virtual transport::EventLoop& loop() = 0;
  virtual Executor& executor() = 0;
  virtual BufferPool& buffers() = 0;  // For what its sessions send.

  // The client has said Hello.
  virtual void OnHello(Session& session) = 0;

  // The session has ended; destroys it, later in this turn or in a later one.
  virtual void OnClosed(Session& session) = 0;

 protected:
  ~SessionHost() = default;
};

}  // namespace server
}  // namespace piperpc
