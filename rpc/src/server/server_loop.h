// One event loop of the server: its thread, and the sessions that live on it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "src/base/linked_queue.h"
#include "src/server/session_host.h"
#include "src/transport/pipe.h"

namespace piperpc::server {

class ServerLoop final : public SessionHost {
 public:
  // Is told, on the loop, of each session that has ended: its peer, and whether it was refused.
  using OnGone = std::function<void(const Peer&, bool refused)>;

  ServerLoop(ServerCore& core, std::unique_ptr<transport::EventLoop> loop, OnGone on_gone);
  ~ServerLoop();  // No session is left.

  absl::Status Start() { return thread().Start(); }
  void Stop() { thread().Stop(); }

  // Serves the client on this loop; with a `refusal` that is not OK it is only told that. `budget`:
  // its user's, which outlives the session. Any thread.
  void Adopt(std::unique_ptr<transport::Pipe> pipe, ReceiveBudget& budget, absl::Status refusal);

  // Any thread; the work is done on the loop.
  void DrainAll();
  void EndGrace(absl::Status reason);

  // Ends all calls by force, and describes them. Waits for the loop.
  std::vector<std::string> AbortAllCalls();

  // The same for their callers, but leaves the handlers to their own end.
  std::vector<std::string> CutOffAllCalls(const absl::Status& reason);

  // Of all sessions that have ended: see Session::undelivered(). Waits for the loop.
  std::vector<std::string> TakeUndelivered();

 private:
  std::vector<std::string> EndAllCalls(
      absl::FunctionRef<std::vector<std::string>(Session&)> end_calls);
  void OnHello(Session& session) override;
  void OnClosed(Session& session) override;

  void Open(std::unique_ptr<transport::Pipe> pipe, ReceiveBudget& budget,
            const absl::Status& refusal);
  void MakeRoomForHello();
  void AwaitNoHello(Session& session);

  const OnGone on_gone_;
  absl::flat_hash_map<Session*, std::unique_ptr<Session>> sessions_;
  absl::flat_hash_set<Session*> refused_;  // Of those; they are told why, and closed.
  LinkedQueue<Session> awaiting_hello_;    // Oldest first. None that was refused.
  std::vector<std::string> undelivered_;
  bool draining_ = false;
};

}  // namespace piperpc::server
