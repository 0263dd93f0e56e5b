// The core of a channel, with the part that connects: the connection of the moment, and who waits
// for one.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/base/clock.h"
#include "src/client/async_call_base.h"
#include "src/client/blocking_call.h"
#include "src/client/call.h"
#include "src/client/connect_thread.h"
#include "src/client/connection.h"
#include "src/client/core.h"
#include "src/transport/backoff.h"
#include "src/transport/pipe.h"

namespace piperpc::client {

class Connector final : public Core, private Connection::Owner, private ConnectThread::Delegate {
 public:
  // What is wrong with `endpoint` or `options` becomes the status of every call.
  Connector(std::string_view endpoint, ChannelOptions options);
  ~Connector() override;  // After Shutdown().

  // --- With the lock held. ---

  // A connection that can take calls, or null.
  std::shared_ptr<Connection> connection() const;
  std::size_t connections_made() const { return connections_made_; }

  // --- Without it. ---

  // This is neither the thread of an event loop, which must not wait, nor one that Shutdown() waits
  // for.
  bool MayWaitHere() const;

  void Close();

  // Close(), and lets go of the loop. Not on its thread.
  void Shutdown();

 private:
  using ConnectionOr = absl::StatusOr<std::shared_ptr<Connection>>;
  using PipeOr = absl::StatusOr<std::unique_ptr<transport::Pipe>>;

  // Core; with the lock, but for MayTake().
  void Launch(AsyncCallBase& call) override;
  void DoNotConnectFor(AsyncCallBase& call) override { thread_.Remove(call); }
  void Perform(BlockingCall& call, Lock& lock) override;
  bool MayTake(std::size_t message_size) override;
  std::string_view connect_phase() const override;

  // ConnectThread::Delegate
  bool ConnectFor(AsyncCallBase& call, Lock& lock) override;
  void Pause(Lock& lock) override { PauseUntil(lock, base::kNever); }

  // Connection::Owner
  void OnPipeClosed(Connection& connection) override;

  void TryLaunch(AsyncCallBase& call);

  // The connection to use, connected by this thread if need be, within the call's own terms,
  // whatever those of other calls are that wait for a server. An error, too, when the call has
  // ended.
  ConnectionOr GetConnection(Lock& lock, Call& call);

  // One step of that. Null: there is no server yet, and the call is one that waits.
  ConnectionOr TryForConnection(Lock& lock, Call& call);
  ConnectionOr Connect(Lock& lock, Call& call);
  ConnectionOr OnNotConnected(const absl::Status& why, const Call& call);
  PipeOr ConnectOnce(const Call& call);
  absl::Status WaitForOther(Lock& lock, const Call& call);
  std::shared_ptr<Connection> Adopt(std::unique_ptr<transport::Pipe> pipe);

  // Until it is time to look for a server again, or something has changed; at most until `limit`.
  void PauseUntil(Lock& lock, base::TimePoint limit);

  bool connecting_ = false;       // A thread is inside Connect().
  base::TimePoint retry_;         // Before it, nobody who waits looks for a server again.
  transport::Backoff retry_gap_;  // Between two looks.
  bool queue_is_full_ = false;    // The last look found the server, and no room in its queue.
  std::shared_ptr<Connection> connection_;
  std::vector<std::shared_ptr<Connection>> connections_;  // Those whose pipe is open.
  std::size_t connections_made_ = 0;
  ConnectThread thread_;
};

}  // namespace piperpc::client
