// The server of a run, which may be shut down and followed by another one.
#pragma once

#include <memory>
#include <vector>

#include "simulation/ledger.h"
#include "simulation/link_record.h"
#include "simulation/simulated_services.h"
#include "simulation/world.h"
#include "src/transport/pipe.h"
#include "support/stepped_server.h"

namespace piperpc::simulation {

class SimulatedServer {
 public:
  // Both outlive it.
  SimulatedServer(World& world, Ledger& ledger);
  ~SimulatedServer();
  SimulatedServer(const SimulatedServer&) = delete;
  SimulatedServer& operator=(const SimulatedServer&) = delete;

  // As a listener does, takes a client. False: there is no server now.
  bool Accept(std::unique_ptr<transport::Pipe> pipe, const std::shared_ptr<LinkRecord>& record);

  // Some time later it shuts down, and some time after that the next one begins.
  void PlanRestart();
  bool restarting() const { return restarting_; }

  // Nothing of a client may be left.
  void CheckAllGone() const;

 private:
  struct Generation {
    std::unique_ptr<testing::SteppedServer> server;
    std::vector<std::shared_ptr<LinkRecord>> links;
  };

  testing::SteppedServer& current() { return *generations_.back().server; }
  void Start();
  void BeginShutdown();

  World& world_;
  Ledger& ledger_;
  SimulatedServices services_{ledger_};
  std::vector<Generation> generations_;
  bool restarting_ = false;
};

}  // namespace piperpc::simulation
