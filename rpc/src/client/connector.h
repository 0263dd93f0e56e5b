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
  // As of Core.
  Connector(absl::StatusOr<transport::Place> place, std::string_view endpoint,
            ChannelOptions options);
  ~Connector() override;  // After Shutdown().

  // --- With the lock held. ---

  // A connection that can take calls, or null.
  std::shared_ptr<Connection> connection() const CHANNEL_LOCKED;
  std::size_t connections_made() const CHANNEL_LOCKED { return connections_made_; }

  // --- Without it. ---

  // This is neither the thread of an event loop, which must not wait, nor one that Shutdown() waits
  // for.
  bool MayWaitHere() const;

  void Close() CHANNEL_UNLOCKED;

  // Close(), and lets go of the loop. Not on its thread.
  void Shutdown() CHANNEL_UNLOCKED;

 private:
  using ConnectionOr = absl::StatusOr<std::shared_ptr<Connection>>;
  using PipeOr = absl::StatusOr<std::unique_ptr<transport::Pipe>>;

  // Core; with the lock, but for CheckSize().
  void Launch(AsyncCallBase& call) override CHANNEL_LOCKED;
  void DoNotConnectFor(AsyncCallBase& call) override CHANNEL_LOCKED { thread_.Remove(call); }
  void Perform(BlockingCall& call, Lock& lock) override CHANNEL_LOCKED;
  absl::Status CheckSize(std::size_t message_size) override CHANNEL_UNLOCKED;
  std::string_view connect_phase() const override CHANNEL_LOCKED;

  // ConnectThread::Delegate
  bool ConnectFor(AsyncCallBase& call, Lock& lock) override CHANNEL_LOCKED;
  void Pause(Lock& lock) override CHANNEL_LOCKED { PauseUntil(lock, base::kNever); }

  // Connection::Owner
  void OnReady(Connection& connection) override CHANNEL_LOCKED;
  void OnEnding(Connection& connection, const absl::Status& why) override CHANNEL_LOCKED;
  void OnPipeClosed(Connection& connection) override CHANNEL_LOCKED;

  void TryLaunch(AsyncCallBase& call) CHANNEL_LOCKED;

  // The connection to use, connected by this thread if need be, within the call's own terms,
  // whatever those of other calls are that wait for a server. An error, too, when the call has
  // ended.
  ConnectionOr GetConnection(Lock& lock, Call& call) CHANNEL_LOCKED;

  // One step of that. Null: there is no server yet, and the call is one that waits.
  ConnectionOr TryForConnection(Lock& lock, Call& call) CHANNEL_LOCKED;
  ConnectionOr Connect(Lock& lock, Call& call) CHANNEL_LOCKED;
  ConnectionOr OnNotConnected(const absl::Status& why, const Call& call) CHANNEL_LOCKED;
  PipeOr ConnectOnce(const Call& call) CHANNEL_UNLOCKED;
  absl::Status WaitForOther(Lock& lock, const Call& call) CHANNEL_LOCKED;
  std::shared_ptr<Connection> Adopt(std::unique_ptr<transport::Pipe> pipe) CHANNEL_LOCKED;

  // Until it is time to look for a server again, or something has changed; at most until `limit`.
  void PauseUntil(Lock& lock, base::TimePoint limit) CHANNEL_LOCKED;

  bool connecting_ CHANNEL_GUARDED = false;  // A thread is inside Connect().
  // The last look found the server, and no room in its queue.
  bool queue_is_full_ CHANNEL_GUARDED = false;
  base::TimePoint retry_ CHANNEL_GUARDED;  // Before it, nobody who waits looks for a server again.
  transport::Backoff retry_gap_ CHANNEL_GUARDED;  // Between two looks.
  // The last one; null as soon as it takes no more calls, or that is known.
  std::shared_ptr<Connection> connection_ CHANNEL_GUARDED;
  // Those whose pipe is open.
  std::vector<std::shared_ptr<Connection>> connections_ CHANNEL_GUARDED;
  std::size_t connections_made_ CHANNEL_GUARDED = 0;
  ConnectThread thread_;
};

}  // namespace piperpc::client
