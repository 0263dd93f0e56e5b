#include "simulation/simulated_transport.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "simulation/link.h"
#include "simulation/simulated_pipe.h"

namespace piperpc::simulation {

absl::StatusOr<std::thread> SimulatedTransport::Start(std::string_view,
                                                      absl::AnyInvocable<void()> body) {
  return world_.scheduler.Start(std::move(body));
}

bool SimulatedTransport::WaitUntil(internal::Mutex& mutex, transport::Condition& changed,
                                   base::TimePoint limit) {
  mutex.unlock();
  world_.scheduler.BlockUntil(
      limit, [&changed, before = changed.notified()] { return changed.notified() != before; });
  mutex.lock();
  return Now() < limit;
}

absl::StatusOr<std::unique_ptr<transport::Pipe>> SimulatedTransport::Connect(
    const Endpoint&, const transport::ConnectOptions& options) {
  world_.scheduler.BlockUntil(
      std::min(options.deadline, Now() + world_.random.Delay(world_.faults.delay)),
      [] { return false; });
  if (absl::Status refusal = RefuseSometimes(options.deadline); !refusal.ok()) {
    world_.trace.Add(absl::StrCat("client ", client_,
                                  ": cannot connect: ", absl::StatusCodeToString(refusal.code())));
    ledger_.OnConnectRefused(client_, refusal.code());
    return refusal;
  }
  const auto record = ledger_.OnConnect(client_);
  world_.trace.Add(absl::StrCat("client ", client_, ": connects, link ", record->number));
  const auto link = std::make_shared<Link>(world_, record);
  auto pipe = std::make_unique<SimulatedPipe>(link, kClient, Peer{1, "server", ""});
  Peer peer{static_cast<std::int64_t>(client_), absl::StrCat("client ", client_), ""};
  if (!accept_(std::make_unique<SimulatedPipe>(link, kServer, std::move(peer)), record)) {
    record->Hurt(absl::StatusCode::kUnavailable);
    return absl::UnavailableError("no simulated server is there");
  }
  return pipe;
}

absl::Status SimulatedTransport::RefuseSometimes(base::TimePoint deadline) {
  if (!world_.random.Chance(world_.faults.refuse_connect)) return absl::OkStatus();
  switch (world_.random.Below(4)) {
    case 0:
      return absl::ResourceExhaustedError("no memory for a simulated connection");
    case 1:  // Its queue is full.
      world_.scheduler.BlockUntil(deadline, [] { return false; });
      return absl::DeadlineExceededError("the simulated queue is full");
    default:
      return absl::UnavailableError("no simulated server is there");
  }
}

}  // namespace piperpc::simulation
