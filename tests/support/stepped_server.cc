#include "support/stepped_server.h"

#include <memory>
#include <utility>

#include "src/transport/memory/pipe.h"

namespace piperpc::testing {

SteppedServer::SteppedServer(ServerOptions options, const server::Dispatcher& dispatcher,
                             const ManualClock& clock)
    : options_(std::move(options)),
      core_{options_, dispatcher, workers_},
      stepped_(new SteppedLoop(clock)),
      loop_(core_, std::unique_ptr<transport::EventLoop>(stepped_), 0,
            [this](const Peer& peer, bool refused) {
              refused ? acceptor_.OnRefusedGone() : acceptor_.OnGone(peer);
            }) {
  acceptor_.set_loops({&loop_});
}

std::unique_ptr<transport::Pipe> SteppedServer::Connect() {
  auto [client, server] = transport::MemoryPipe::NewPair();
  acceptor_.OnConnect(std::move(server));
  return std::move(client);
}

void SteppedServer::GoOnShuttingDown() {
  const absl::Status reason = absl::UnavailableError("the server is shutting down");
  switch (++shutdown_steps_) {
    case 1:
      return loop_.DrainAll();
    case 2:
      return loop_.EndGrace(reason);
    default:
      loop_.EndAllCalls(reason);
  }
}

bool SteppedServer::HasAllMemory() {
  for (connection::MemoryBudget* const budget : {&core_.budget, &core_.reply_budget}) {
    if (!budget->Take(budget->limit())) return false;
    budget->Give(budget->limit());
  }
  return true;
}

}  // namespace piperpc::testing
