#include "src/server/server_loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/server/connection.h"
#include "src/transport/observed_pipe.h"

namespace piperpc::server {
namespace {

// A client says Hello as soon as it has connected; one that has not by then, even if this loop or
// the machine was busy, is a candidate to go when too many are silent.
constexpr base::Duration kHelloGrace = std::chrono::seconds(2);

}  // namespace

ServerLoop::ServerLoop(ServerCore& core, std::unique_ptr<transport::EventLoop> loop,
                       std::size_t number, OnGone on_gone)
    : ConnectionHost(core, std::move(loop), number), on_gone_(std::move(on_gone)) {}

ServerLoop::~ServerLoop() { Stop(); }

void ServerLoop::Adopt(std::unique_ptr<transport::Pipe> pipe, UserPart& user,
                       absl::Status refusal) {
  if (loop().InLoop()) return Open(std::move(pipe), user, refusal);
  loop().Post([this, pipe = std::move(pipe), &user, refusal = std::move(refusal)]() mutable {
    Open(std::move(pipe), user, refusal);
  });
}

void ServerLoop::Open(std::unique_ptr<transport::Pipe> pipe, UserPart& user,
                      const absl::Status& refusal) {
  auto observed = transport::Observe(std::move(pipe), {.observer = core().options.observer.get(),
                                                       .owner = &core(),
                                                       .now = [this] { return loop().Now(); }});
  auto owned = std::make_unique<Connection>(*this, std::move(observed), user, ++last_number_);
  Connection& connection = *owned;
  connections_.emplace(connection.number(), std::move(owned));
  CountOpened(refusal);
  if (refusal.ok()) {
    MakeRoomForHello();
    awaiting_hello_.Add(connection.user_queue().silent(), connection);
  } else {
    refused_.insert(&connection);
  }
  connection.Open();
  if (!refusal.ok()) connection.Refuse(refusal);
  if (draining_) connection.Drain();
}

void ServerLoop::CountOpened(const absl::Status& refusal) {
  metrics::Registry* const registry = core().registry();
  if (registry == nullptr) return;
  if (refusal.ok()) {
    metrics::Add(registry->server().connections_opened);
  } else {
    metrics::Add(registry->server().connections_refused, refusal.code());
  }
}

void ServerLoop::CountClosed(absl::StatusCode code) {
  if (metrics::Registry* const registry = core().registry()) {
    metrics::Add(registry->server().connections_closed, code);
  }
}

// Mute clients must not keep others out: above the limit one of them goes, of the user that has the
// most.
void ServerLoop::MakeRoomForHello() {
  const std::size_t limit = core().options.max_connections_before_hello;
  if (awaiting_hello_.size() < limit) return;
  Connection& leaving = awaiting_hello_.OldestOfLargest();
  if (loop().Now() - leaving.opened_at() < kHelloGrace) return;
  RemoveFromAwaitingHello(leaving);
  leaving.Fail(absl::ResourceExhaustedError(
      absl::StrCat("more than ", limit,
                   " connections have not sent a Hello yet (max_connections_before_hello)")));
}

// A connection has one link, and so is in one queue at a time: until its Hello in
// `awaiting_hello_`, then in that of its user. Only that one can tell whether it is in there. One
// that was refused is in none.
void ServerLoop::LeaveQueues(Connection& connection) {
  if (connection.hello_received()) return round_robin_.Leave(connection.user_queue(), connection);
  RemoveFromAwaitingHello(connection);
}

void ServerLoop::RemoveFromAwaitingHello(Connection& connection) {
  awaiting_hello_.Remove(connection.user_queue().silent(), connection);
}

Asked<std::vector<ConnectionInfo>> ServerLoop::ListConnections() {
  return {loop(), [this] {
            std::vector<ConnectionInfo> infos;
            for (const auto& [number, connection] : connections_) {
              if (!refused_.contains(connection.get())) infos.push_back(connection->Describe());
            }
            return infos;
          }};
}

void ServerLoop::OnHello(Connection& connection) { RemoveFromAwaitingHello(connection); }

void ServerLoop::OnClosed(Connection& connection) {
  auto node = connections_.extract(connection.number());
  if (node.empty()) return;
  const bool refused = refused_.erase(&connection) != 0;
  if (!refused) {
    LeaveQueues(connection);
    CountClosed(connection.end_code());
  }
  // It is one of the connection's own functions that has called.
  loop().Post([this, refused, owned = std::move(node.mapped())]() mutable {
    const Peer peer = owned->peer();
    owned.reset();
    on_gone_(peer, refused);
  });
}

}  // namespace piperpc::server
