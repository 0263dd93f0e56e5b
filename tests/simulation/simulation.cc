#include "simulation/simulation.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "simulation/ledger.h"
#include "simulation/simulated_client.h"
#include "simulation/simulated_server.h"
#include "simulation/world.h"

namespace piperpc::simulation {
namespace {

using std::chrono::seconds;

// All calls have ended by then; the longest timeout and what follows from it.
constexpr seconds kLongestRun{3'000};

class Simulation {
 public:
  explicit Simulation(const RunOptions& options) : world_(options) {}

  Outcome Run() {
    MakeClients();
    RunCalls();
    Calm();
    CheckAllWork();
    EndClients();
    server_.CheckAllGone();
    return {.hash = world_.trace.hash(),
            .events = world_.trace.events(),
            .calls = ledger_.size(),
            .good_calls = good_calls_};
  }

 private:
  void MakeClients() {
    const std::size_t count = world_.random.Between(1, 4);
    for (std::size_t i = 0; i < count; ++i) {
      clients_.push_back(std::make_unique<SimulatedClient>(
          world_, ledger_, i, [this](auto pipe, const auto& record) {
            return server_.Accept(std::move(pipe), record);
          }));
    }
  }

  void RunCalls() {
    const CallProfile profile = CallProfile::Draw(world_.random);
    for (std::size_t client = 0; client < clients_.size(); ++client) {
      const std::size_t count = world_.random.Between(1, world_.random.OneOf({6, 12, 40}));
      for (std::size_t i = 0; i < count; ++i) {
        Plan(CallPlan::Draw(world_.random, profile, ledger_.size(), client));
      }
      if (world_.random.Below(8) == 0) clients_[client]->PlanReopening();
    }
    if (world_.random.Below(4) == 0) server_.PlanRestart();
    RunUntilAllEnded();
  }

  void Plan(const CallPlan& plan) {
    ledger_.Add(plan);
    clients_[plan.client]->Plan(plan);
  }

  void RunUntilAllEnded() {
    const base::TimePoint limit = world_.scheduler.now() + kLongestRun;
    while (!AllEnded()) {
      world_.trace.Require(world_.scheduler.Step(), "nothing waits without a deadline");
      world_.trace.Require(world_.scheduler.now() < limit, "all calls come to an end");
    }
  }

  bool AllEnded() const {
    if (ledger_.open_calls() > 0) return false;
    for (std::size_t call = 0; call < ledger_.size(); ++call) {
      if (!ledger_.ended(call)) return false;
    }
    return true;
  }

  // Nothing goes wrong from now on.
  void Calm() {
    while (server_.restarting()) world_.scheduler.Step();
    world_.faults = {};
  }

  // Once nothing goes wrong any more, each client is served: at the second try, for the first may
  // only find out that its connection is lost.
  void CheckAllWork() {
    for (std::size_t client = 0; client < clients_.size(); ++client) {
      for (const MethodType type : {MethodType::kUnary, MethodType::kServerStreaming,
                                    MethodType::kClientStreaming, MethodType::kBidirectional}) {
        if (!Works(client, type) && !Works(client, type)) {
          world_.trace.Violate(absl::StrCat("client ", client, " is served when all is well"));
        }
      }
    }
  }

  bool Works(std::size_t client, MethodType type) {
    const std::size_t call = ledger_.size();
    Plan(CallPlan::Plain(call, client, type));
    RunUntilAllEnded();
    return ledger_.status(call).ok();
  }

  void EndClients() {
    for (const auto& client : clients_) client->Close();
    while (world_.scheduler.Step()) {
    }
    world_.trace.Require(!world_.scheduler.HasThreads(), "every thread comes to its end");
    for (std::size_t call = 0; call < ledger_.size(); ++call) {
      good_calls_ += ledger_.status(call).ok();
    }
    for (const auto& client : clients_) client->End();
  }

  World world_;
  Ledger ledger_{world_};
  SimulatedServer server_{world_, ledger_};
  std::vector<std::unique_ptr<SimulatedClient>> clients_;
  std::size_t good_calls_ = 0;
};

}  // namespace

Outcome RunSimulation(const RunOptions& options) { return Simulation(options).Run(); }

}  // namespace piperpc::simulation
