// The transport of one client of a run: its way to the server, in simulated time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "simulation/ledger.h"
#include "simulation/world.h"
#include "support/connecting_transport.h"

namespace piperpc::simulation {

class SimulatedTransport final : public testing::ConnectingTransport,
                                 private transport::ClientThreads {
 public:
  // Who takes the server's end of a new connection; false: no server is there.
  using Accept =
      std::function<bool(std::unique_ptr<transport::Pipe>, const std::shared_ptr<LinkRecord>&)>;

  // All of them outlive it.
  SimulatedTransport(World& world, Ledger& ledger, std::size_t client, Accept accept)
      : world_(world), ledger_(ledger), client_(client), accept_(std::move(accept)) {}

  std::string_view name() const override { return "simulated"; }
  base::TimePoint Now() const override { return world_.scheduler.now(); }

  transport::ClientThreads& threads() override { return *this; }

  absl::StatusOr<std::unique_ptr<transport::Pipe>> Connect(
      const Endpoint& endpoint, const transport::ConnectOptions& options) override;

 private:
  // transport::ClientThreads
  absl::StatusOr<std::thread> Start(std::string_view purpose,
                                    absl::AnyInvocable<void()> body) override;
  bool WaitUntil(internal::Mutex& mutex, transport::Condition& changed,
                 base::TimePoint limit) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  absl::Status RefuseSometimes(base::TimePoint deadline);

  World& world_;
  Ledger& ledger_;
  const std::size_t client_;
  const Accept accept_;
};

}  // namespace piperpc::simulation
