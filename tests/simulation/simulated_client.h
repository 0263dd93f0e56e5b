// One client of a run: a channel, its loop, and the calls that it makes as planned.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "piperpc/channel.h"
#include "piperpc/io_thread.h"
#include "piperpc/raw_client.h"
#include "simulation/callback_call.h"
#include "simulation/ledger.h"
#include "simulation/simulated_transport.h"
#include "simulation/world.h"
#include "support/stepped_loop.h"

namespace piperpc::simulation {

class SimulatedClient {
 public:
  // The world and the ledger outlive it.
  SimulatedClient(World& world, Ledger& ledger, std::size_t number,
                  SimulatedTransport::Accept accept);
  ~SimulatedClient();  // After End().
  SimulatedClient(const SimulatedClient&) = delete;
  SimulatedClient& operator=(const SimulatedClient&) = delete;

  // Begins the call at its time.
  void Plan(const CallPlan& plan);

  // Closes the channel, some time later: its calls are cancelled. There is another one for the
  // next.
  void PlanReopening();

  void Close();

  // Lets go of its channels, which have no call and no thread any more.
  void End();

 private:
  void Open();
  void Begin(const CallPlan& plan);
  void PlanCancel(const CallPlan& plan, std::stop_source stop, CallbackCall* call);
  CallOptions OptionsOf(const CallPlan& plan, std::stop_token stop) const;

  World& world_;
  Ledger& ledger_;
  const std::size_t number_;
  SimulatedTransport transport_;
  testing::SteppedLoop* const loop_;
  std::shared_ptr<IoThread> io_thread_;             // Of which only the loop is used.
  std::vector<std::shared_ptr<Channel>> channels_;  // The last one is open.
  std::vector<std::unique_ptr<CallbackCall>> calls_;
  std::vector<std::thread> threads_;
};

}  // namespace piperpc::simulation
