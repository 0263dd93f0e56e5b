// What a loop does in a shutdown, and what it tells when it is asked.
#include <utility>

#include "src/server/connection.h"
#include "src/server/server_loop.h"

namespace piperpc::server {

void ServerLoop::DrainAll() {
  loop().Post([this] {
    draining_ = true;
    ForEachConnection([](Connection& connection) { connection.Drain(); });
  });
}

void ServerLoop::EndGrace(absl::Status reason) {
  loop().Post([this, reason = std::move(reason)] {
    grace_over_ = true;
    ForEachConnection([&](Connection& connection) { connection.EndGrace(reason); });
  });
}

Asked<ServerLoop::Names> ServerLoop::EndAllCalls(absl::Status reason) {
  return {loop(), [this, reason = std::move(reason)] { return EndCallsHere(reason); }};
}

Asked<ServerLoop::Names> ServerLoop::AskWhetherItRuns() {
  return {loop(), [] { return Names(); }};
}

Asked<ServerLoop::Names> ServerLoop::TakeStopped() {
  return {loop(), [this] { return std::exchange(stopped(), {}); }};
}

Asked<ServerLoop::Names> ServerLoop::TakeUndelivered() {
  return {loop(), [this] { return std::exchange(undelivered(), {}); }};
}

// The workers are asked here, and not by who asks: until now a call of this loop could still give
// them work. From now on none can.
ServerLoop::Names ServerLoop::EndCallsHere(const absl::Status& reason) {
  const bool busy = core().workers.busy();
  Names names;
  ForEachConnection([&](Connection& connection) {
    for (std::string& name : busy ? connection.CutOffCalls(reason) : connection.AbortCalls()) {
      names.push_back(std::move(name));
    }
  });
  return names;
}

}  // namespace piperpc::server
