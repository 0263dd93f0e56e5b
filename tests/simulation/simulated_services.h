// What the server of a run serves: one method of each type, which does what the call's plan says,
// and tells the model of it.
#pragma once

#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/raw_service.h"
#include "simulation/ledger.h"
#include "src/server/dispatcher.h"

namespace piperpc::simulation {

class SimulatedServices {
 public:
  static constexpr char kUnary[] = "simulation.v1.Model/Unary";
  static constexpr char kDown[] = "simulation.v1.Model/Down";
  static constexpr char kUp[] = "simulation.v1.Model/Up";
  static constexpr char kBoth[] = "simulation.v1.Model/Both";

  // The call's number is in its metadata under this key.
  static constexpr char kCall[] = "call";

  explicit SimulatedServices(Ledger& ledger);
  const server::Dispatcher& dispatcher() const { return dispatcher_; }

 private:
  class Handling;
  using Result = absl::StatusOr<RawMessage>;

  Task<Result> Unary(ServerContext& context, RawMessage request);
  Stream<RawMessage> Down(ServerContext& context, RawMessage request);
  Task<Result> Up(ServerContext& context, CoReader<RawMessage> reader);
  Stream<RawMessage> Both(ServerContext& context, CoReader<RawMessage> reader);
  static Task<bool> Pause(ServerContext& context, const CallPlan& plan);

  Ledger& ledger_;
  RawService service_{"simulation.v1.Model"};
  server::Dispatcher dispatcher_;
};

}  // namespace piperpc::simulation
