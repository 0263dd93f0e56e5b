#include "simulation/simulated_server.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::simulation {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// What a shutdown leaves to calls that it has stopped.
constexpr milliseconds kStopGrace{500};

// Small, so that calls come up against them.
ServerOptions Options(const Faults& faults) {
  ServerOptions options{.max_packet_bytes = 64 * 1024,
                        .max_message_bytes = 640 * 1024,
                        .max_calls_per_connection = 16,
                        .stream_credit_bytes = 64 * 1024,
                        .output_queue_bytes = 64 * 1024};
  if (faults.tight_memory) {
    options.parse_budget_bytes = options.max_message_bytes;
    options.reply_budget_bytes = options.max_message_bytes;
  }
  return options;
}

}  // namespace

SimulatedServer::SimulatedServer(World& world, Ledger& ledger) : world_(world), ledger_(ledger) {
  Start();
}

SimulatedServer::~SimulatedServer() {
  for (const Generation& each : generations_) world_.scheduler.Remove(each.server->loop());
}

void SimulatedServer::Start() {
  world_.trace.Add(absl::StrCat("server ", generations_.size(), " starts"));
  generations_.push_back({std::make_unique<testing::SteppedServer>(
                              Options(world_.faults), services_.dispatcher(), world_.clock),
                          {}});
  world_.scheduler.Add(current().loop());
}

bool SimulatedServer::Accept(std::unique_ptr<transport::Pipe> pipe,
                             const std::shared_ptr<LinkRecord>& record) {
  testing::SteppedServer& server = current();
  if (server.shutting_down()) return false;
  generations_.back().links.push_back(record);
  server.loop().Post([&server, pipe = std::move(pipe)]() mutable {
    server.acceptor().OnConnect(std::move(pipe));
  });
  return true;
}

void SimulatedServer::PlanRestart() {
  restarting_ = true;
  world_.scheduler.At(world_.scheduler.now() + world_.random.Delay(milliseconds(2'500)),
                      [this] { BeginShutdown(); });
}

// In its steps; the endpoint is free from the first on.
void SimulatedServer::BeginShutdown() {
  world_.trace.Add(absl::StrCat("server ", generations_.size() - 1, " shuts down"));
  for (const auto& link : generations_.back().links) link->Hurt(absl::StatusCode::kUnavailable);
  testing::SteppedServer& server = current();
  const base::TimePoint now = world_.scheduler.now();
  const auto longest = milliseconds(world_.random.OneOf({0, 100, 10'000}));
  const base::TimePoint grace_end = now + world_.random.Delay(longest);
  server.GoOnShuttingDown();
  world_.scheduler.At(grace_end, [&server] { server.GoOnShuttingDown(); });
  world_.scheduler.At(grace_end + kStopGrace, [&server] { server.GoOnShuttingDown(); });
  world_.scheduler.At(now + world_.random.Delay(milliseconds(1'000)), [this] {
    Start();
    restarting_ = false;
  });
}

void SimulatedServer::CheckAllGone() const {
  const Trace& trace = world_.trace;
  trace.Require(ledger_.handlers() == 0, "every handler comes to its end");
  for (const auto& [server, links] : generations_) {
    trace.Require(server->calls() == 0, "every call ends at the server");
    trace.Require(server->empty(), "every connection ends with its client");
    trace.Require(server->HasAllMemory(), "what calls had of the budgets has come back");
  }
}

}  // namespace piperpc::simulation
