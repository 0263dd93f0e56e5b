// One event loop of the server: its thread, and the connections that live on it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "src/base/clock.h"
#include "src/server/asked.h"
#include "src/server/connection_host.h"
#include "src/server/silent_crowds.h"
#include "src/server/user_round_robin.h"
#include "src/transport/pipe.h"

namespace piperpc::server {

class ServerLoop final : public ConnectionHost {
 public:
  using Names = std::vector<std::string>;

  // Is told, on the loop, of each connection that has ended: its peer, and whether it was refused.
  using OnGone = std::function<void(const Peer&, bool refused)>;

  // `number`: see ConnectionHost.
  ServerLoop(ServerCore& core, std::unique_ptr<transport::EventLoop> loop, std::size_t number,
             OnGone on_gone);
  ~ServerLoop();  // No connection is left.

  // See LoopThread.
  absl::Status Start(absl::AnyInvocable<void()> first) { return thread().Start(std::move(first)); }
  bool Stop(base::TimePoint limit = base::kNever) { return thread().Stop(limit); }

  // Serves the client on this loop; with a `refusal` that is not OK it is only told that. `user`:
  // outlives the connection. Any thread.
  void Adopt(std::unique_ptr<transport::Pipe> pipe, UserPart& user, absl::Status refusal);

  // Any thread; the work is done on the loop.
  void DrainAll();
  void EndGrace(absl::Status reason);

  // It has begun with that. Any thread.
  bool grace_over() const { return grace_over_.load(); }

  // Nothing but an answer.
  Asked<Names> AskWhetherItRuns();

  // Ends all calls, and describes them: by force, or, where a worker has work, which may use a call
  // and its coroutine, for their callers only. Then the handlers are left to their own end.
  Asked<Names> EndAllCalls(absl::Status reason);

  // The calls that have ended when the end of the grace had stopped them.
  Asked<Names> TakeStopped();

  // Of all connections that have ended: who has left what unread.
  Asked<Names> TakeUndelivered();

  // Its connections at that moment, those that are refused left out.
  Asked<std::vector<ConnectionInfo>> ListConnections();

 private:
  Names EndCallsHere(const absl::Status& reason);
  void OnHello(Connection& connection) override;
  void OnClosed(Connection& connection) override;
  bool ContinueOrQueue(UserQueue& queue, Connection& connection) override {
    return round_robin_.ContinueOrQueue(queue, connection);
  }

  void Open(std::unique_ptr<transport::Pipe> pipe, UserPart& user, const absl::Status& refusal);
  void CountOpened(const absl::Status& refusal);
  void CountClosed(absl::StatusCode code);
  void MakeRoomForHello();
  void RemoveFromAwaitingHello(Connection& connection);
  void LeaveQueues(Connection& connection);

  // The oldest first. One may close in `visit`, and is not in here any more then.
  template <typename Visit>
  void ForEachConnection(Visit visit) {
    for (auto each = connections_.begin(); each != connections_.end();) visit(*(each++)->second);
  }

  const OnGone on_gone_;
  UserRoundRobin round_robin_{loop()};
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections_;  // By Connection::number().
  std::uint64_t last_number_ = 0;
  absl::flat_hash_set<Connection*> refused_;  // Of those; they are told why, and closed.
  SilentCrowds<Connection> awaiting_hello_;   // None that was refused.
  bool draining_ = false;
  std::atomic<bool> grace_over_ = false;
};

}  // namespace piperpc::server
