// A server on the test's thread, in a time that the test sets: all of it but what piperpc::Server
// adds, its threads and its lifecycle.
#pragma once

#include <cstddef>
#include <memory>

#include "piperpc/server.h"
#include "src/server/acceptor.h"
#include "src/server/connection_host.h"
#include "src/server/dispatcher.h"
#include "src/server/server_loop.h"
#include "src/transport/pipe.h"
#include "support/stepped_loop.h"

namespace piperpc::testing {

class SteppedServer {
 public:
  // The dispatcher and the clock outlive it. No connection may be left at its end.
  SteppedServer(ServerOptions options, const server::Dispatcher& dispatcher,
                const ManualClock& clock);

  SteppedLoop& loop() { return *stepped_; }

  // A new client's end of a pipe. The loop has yet to see it.
  std::unique_ptr<transport::Pipe> Connect();

  // Who is told of clients.
  server::Acceptor& acceptor() { return acceptor_; }

  // The next step of a shutdown, as piperpc::Server takes them.
  void GoOnShuttingDown();
  bool shutting_down() const { return shutdown_steps_ > 0; }

  std::size_t calls() const { return loop_.calls(); }
  std::size_t connections() const { return acceptor_.connections(); }
  bool empty() const { return acceptor_.empty(); }
  bool HasAllMemory();

 private:
  const ServerOptions options_;
  WorkerPool workers_{1, 0};
  server::ServerCore core_;
  server::Acceptor acceptor_{core_};
  SteppedLoop* const stepped_;
  server::ServerLoop loop_;
  int shutdown_steps_ = 0;
};

}  // namespace piperpc::testing
