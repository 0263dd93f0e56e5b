// The running part of a server: its event loops, its listener and its connections. Starts it, and
// stops it step by step.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/endpoint.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/peer.h"
#include "piperpc/server.h"
#include "src/base/clock.h"
#include "src/server/acceptor.h"
#include "src/server/connection_host.h"
#include "src/server/server_loop.h"
#include "src/transport/listener.h"
#include "src/transport/transport.h"

namespace piperpc::server {

// Functions that change it must not overlap; the others may run on any thread once Start() has
// returned OK.
class ServerLoops {
 public:
  explicit ServerLoops(ServerCore& core);

  // Listens, and serves. `on_thread` runs first on each loop's thread. After an error all is as
  // before.
  absl::Status Start(transport::Transport& transport, const Endpoint& endpoint,
                     const std::function<void()>& on_thread);
  bool started() const { return !loops_.empty(); }

  // The name of the backend; one name for each loop, in order, if they differ (the system may
  // refuse one loop what it gave another).
  std::string Backends() const;

  std::size_t connections() const { return acceptor_.connections(); }  // Also before Start().
  std::size_t calls() const;

  // As Server::ListConnections().
  absl::StatusOr<std::vector<ConnectionInfo>> ListConnections() const;

  // As the server's functions.
  void WaitForLastClient();
  absl::Status CheckAnswers(std::chrono::milliseconds limit);

  // As Server::Shutdown(). Once.
  ShutdownReport ShutDown(std::chrono::milliseconds grace);

  // ShutDown() could not wait for everything.
  bool has_leftovers() const { return leftovers_ != Leftovers::kNothing; }

  // Waits for it, however long that takes.
  void FinishLeftovers();

 private:
  using Names = ServerLoop::Names;
  enum class Leftovers { kNothing, kThreads, kCalls };

  absl::Status Listen(transport::Transport& transport, const Endpoint& endpoint);
  absl::Status StartThreads(const std::function<void()>& on_thread);
  void TakeBackStart();
  void NoteFirstCounted();
  void NoteLoopsStop();

  void CloseListener();
  void EndCalls(ShutdownReport& report, base::TimePoint limit);
  void TakeLosses(ShutdownReport& report, base::TimePoint limit);
  bool StopThreads(ShutdownReport& report, base::TimePoint limit);
  static bool TakeAnswer(Asked<Names>& asked, base::TimePoint limit, Names& names);
  std::string Describe(std::size_t index) const;
  void NoteDelayedLoops();
  void NoteDelayed(std::size_t index);
  void NoteBlocked(std::size_t index, ShutdownReport& report);

  void OnGone(const Peer& peer, bool refused);
  bool WaitUntilGone(base::TimePoint limit);

  ServerCore& core_;
  mutable internal::Mutex gone_mutex_;
  std::condition_variable gone_;
  bool listening_ ABSL_GUARDED_BY(gone_mutex_) = false;   // Until the listener has closed.
  bool loops_stop_ ABSL_GUARDED_BY(gone_mutex_) = false;  // They take no more work.
  // The clients that were there before the start are in acceptor_.
  bool first_counted_ ABSL_GUARDED_BY(gone_mutex_) = false;

  Acceptor acceptor_;
  std::vector<std::unique_ptr<ServerLoop>> loops_;
  std::unique_ptr<transport::Listener> listener_;
  Leftovers leftovers_ = Leftovers::kNothing;
  Names delayed_;  // In a shutdown; one for each loop, empty where it is not delayed.
};

}  // namespace piperpc::server
