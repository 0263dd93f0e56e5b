// What all calls of a channel share: the lock, the connection of the moment, the loop's thread.
//
// One lock guards the channel, its connections and its calls; a channel has one connection at a
// time, so it would be one lock in any case. No code of the user runs while it is held: what has
// become due is collected, and handed to the loop (or run, on the loop) when the lock is given
// back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "piperpc/endpoint.h"
#include "src/base/clock.h"
#include "src/base/memory.h"
#include "src/base/process.h"
#include "src/client/call.h"
#include "src/client/connector.h"
#include "src/client/due_callbacks.h"
#include "src/client/io_thread.h"
#include "src/client/options.h"
#include "src/transport/backoff.h"
#include "src/transport/timer_queue.h"
#include "src/transport/transport.h"

namespace piperpc::client {

class Connection;
class AsyncCallBase;

class Core final : public std::enable_shared_from_this<Core> {
 public:
  // What is wrong with `endpoint` or `options` becomes the status of every call.
  Core(std::string_view endpoint, ChannelOptions options);
  ~Core();  // After Shutdown().
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Holds the channel's lock. kOnLoop: this is the loop's thread, outside of any callback, so what
  // is due is run as soon as the lock is given back.
  class Lock {
   public:
    enum class Where { kAnywhere, kOnLoop };
    explicit Lock(Core& core, Where where = Where::kAnywhere) : core_(core), where_(where) {
      Acquire();
    }
    ~Lock() {
      if (held_) Release();
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    void Release();
    void Acquire();
    void Ensure() {  // Also after an exception that may have come while it was released.
      if (!held_) Acquire();
    }

    // Waits for `changed`, or less long: look again at what you wait for. False: `deadline` has
    // passed.
    bool Wait(std::condition_variable& changed, TimePoint deadline = kNever);

   private:
    void HandOver();

    Core& core_;
    const Where where_;
    bool held_ = false;
  };

  const ChannelOptions& options() const { return options_; }
  const std::string& endpoint_text() const { return endpoint_text_; }

  // --- Whose it is, which is asked before the lock is taken. ---

  // Before a call is made. The first one makes the channel this process's. False: it belongs to the
  // parent of this process, and nothing of it may be touched.
  bool Claim() { return mark_.Claim(); }
  bool claimed() const { return mark_.claimed(); }
  bool foreign() const { return mark_.foreign(); }
  static absl::Status Foreign();

  // --- With the lock held. ---

  // The status of a call that is made now: not OK when the channel is closed or was never good.
  absl::Status Refusal() const;

  // The connection to use, connected by this thread if need be, within the call's own terms,
  // whatever those of other calls are that wait for a server. An error, too, when the call has
  // ended.
  absl::StatusOr<std::shared_ptr<Connection>> GetConnection(Lock& lock, Call& call);

  // One step of that. Null: there is no server yet, and the call is one that waits; Pause() first.
  absl::StatusOr<std::shared_ptr<Connection>> TryForConnection(Lock& lock, Call& call);

  // Until it is time to look for a server again, or something has changed; at most until `limit`.
  void Pause(Lock& lock, TimePoint limit = kNever);

  // Whoever waits for a connection looks up.
  void WakeConnecting() { changed_.notify_all(); }

  // A connection that can take calls, or null.
  std::shared_ptr<Connection> connection() const;

  // Gives a call that nobody is blocked in its connection, now or from the connector's thread.
  void Launch(AsyncCallBase& call);

  // Takes it back, where that is still to be done.
  void DoNotConnectFor(AsyncCallBase& call) { connector_.Remove(call); }

  // Runs `step`, a step of the call with the lock held. Where it finds no memory, the call ends.
  template <typename Step>
  void Guard(Lock& lock, Call& call, Step step) {
    RunInMemory(step, [&] {
      lock.Ensure();
      EndEarly(call, OutOfMemory("a call"));
    });
  }

  // Ends a call before the server did, and tells the server.
  void EndEarly(Call& call, absl::Status status);

  // The loop, with its thread running. The system's error when it refuses one.
  absl::StatusOr<transport::EventLoop*> EnsureLoop();

  transport::TimerQueue& deadlines() { return deadlines_; }
  void QueueCallback(std::shared_ptr<PendingCallback> callback) { due_.Add(std::move(callback)); }
  void Log(LogLevel level, std::string_view event, std::string detail = {});
  bool closed() const { return closed_.load(std::memory_order_relaxed); }  // Any thread.
  bool delivering_on_loop() const { return on_loop_; }
  std::size_t connections_made() const { return connections_made_; }
  void OnPipeClosed(Connection& connection);

  // What a call without a connection is at.
  std::string_view connect_phase() const {
    if (queue_is_full_) return "waiting in the full connection queue of the server at";
    return retry_ == TimePoint() ? "connecting to" : "waiting for a server at";
  }

  // DEADLINE_EXCEEDED for a call that was begun then; the text names the phase and the time.
  absl::Status DeadlineExceeded(std::string_view phase, TimePoint begun) const;

  // --- Without it. ---

  // The limit of the server that is connected, if any is, lets a message of that size pass.
  bool MayTake(std::size_t message_size);

  // What a call gets that would block on this thread: FAILED_PRECONDITION, where it runs an event
  // loop. That must not wait: others are served there, and perhaps the call itself. Nor must the
  // channel's log hook, which may run on the thread that reads.
  absl::Status CheckMayBlock() const;

  // This is neither the thread of an event loop, which must not wait, nor one that Shutdown() waits
  // for.
  bool MayWaitHere() const;

  // The log hook is not called any more, but for a call that runs already.
  void StopLogging() { silent_.store(true, std::memory_order_relaxed); }

  // Code of the user's threw: that goes to the log, and no further.
  void LogThrown(std::string_view event, const std::exception_ptr& exception);

  void Close();

  // Close(), and lets go of the loop. Not on its thread.
  void Shutdown();

 private:
  Core(absl::StatusOr<Place> place, std::string_view endpoint, ChannelOptions&& options);

  // Wakes the loop for the earliest deadline.
  struct Alarm final : transport::EventLoop::Timer {
    explicit Alarm(Core& owner) : core(owner) {}
    void OnTimer() override { core.OnAlarm(); }
    Core& core;
  };

  // The lock can be given back just so.
  bool idle() const { return due_.empty() && log_.empty() && deadlines_.next() >= armed_for_; }

  void TryLaunch(AsyncCallBase& call);
  bool HandToLoop();
  bool PostDelivery();
  void DeliverHanded();
  void TellLog(const std::vector<LogRecord>& records);
  void Arm();
  void TryToArm();
  void OnAlarm();
  using PipeOr = absl::StatusOr<std::unique_ptr<transport::Pipe>>;
  PipeOr ConnectOnce(const Call& call);
  absl::StatusOr<std::shared_ptr<Connection>> Connect(Lock& lock, Call& call);
  absl::Status WaitForConnector(Lock& lock, const Call& call);
  std::shared_ptr<Connection> Adopt(std::unique_ptr<transport::Pipe> pipe);

  const std::shared_ptr<transport::Transport> transport_;  // Kept alive, where that is possible.
  std::shared_ptr<IoThread> io_thread_;                    // Null: not needed yet, or not any more.
  ChannelOptions options_;
  const std::string endpoint_text_;
  const absl::StatusOr<Place> place_;  // Not OK: no call can be made.

  ProcessMark mark_;
  std::mutex mutex_;
  std::condition_variable
      changed_;  // connecting_, connection_, connections_, closed_, a call's end.
  std::atomic<bool> closed_ = false;  // Written with the lock.
  bool connecting_ = false;           // A thread is inside Connect().
  TimePoint retry_;                   // Before it, nobody who waits looks for a server again.
  transport::Backoff retry_gap_;      // Between two looks.
  bool queue_is_full_ = false;        // The last look found the server, and no room in its queue.
  bool on_loop_ = false;              // Who holds the lock said so.
  std::shared_ptr<Connection> connection_;
  std::vector<std::shared_ptr<Connection>> connections_;  // Those whose pipe is open.
  std::size_t connections_made_ = 0;
  Connector connector_;

  transport::TimerQueue deadlines_;
  TimePoint armed_for_ = kNever;
  Alarm alarm_;
  bool shut_down_ = false;
  std::atomic<bool> silent_ = false;  // The log hook's owner may be gone.

  DueCallbacks due_;     // To be handed over as soon as the lock is given back.
  DueCallbacks handed_;  // Those that work posted to the loop will deliver.
  std::vector<LogRecord> log_;
};

inline void Core::Lock::Acquire() {
  core_.mutex_.lock();
  held_ = true;
  core_.on_loop_ = where_ == Where::kOnLoop;
}

inline void Core::Lock::Release() {
  if (!core_.idle()) return HandOver();
  held_ = false;
  core_.mutex_.unlock();
}

}  // namespace piperpc::client
