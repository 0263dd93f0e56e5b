// What all calls of a channel need: its lock, its timers, its log, the loop's thread, and a way to
// a connection.
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
#include "src/client/due_callbacks.h"
#include "src/client/io_thread.h"
#include "src/client/options.h"
#include "src/connection/packet_buffer.h"
#include "src/transport/timer_queue.h"
#include "src/transport/transport.h"

namespace piperpc::client {

class AsyncCallBase;
class BlockingCall;

class Core : public std::enable_shared_from_this<Core> {
 public:
  virtual ~Core();  // After LetGoOfLoop().
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
    bool Wait(std::condition_variable& changed, base::TimePoint deadline = base::kNever);

   private:
    void HandOver();

    Core& core_;
    const Where where_;
    bool held_ = false;
  };

  const ChannelOptions& options() const { return options_; }
  const std::string& endpoint_text() const { return endpoint_text_; }

  // The transport's time. Any thread.
  base::TimePoint Now() const {
    return place_.ok() ? place_->transport->Now() : base::Clock::now();
  }

  // --- Whose it is, which is asked before the lock is taken. ---

  // Before a call is made. The first one makes the channel this process's. False: it belongs to the
  // parent of this process, and nothing of it may be touched.
  bool Claim() { return mark_.Claim(); }
  bool claimed() const { return mark_.claimed(); }
  bool foreign() const { return mark_.foreign(); }
  static absl::Status Foreign();

  // --- With the lock held. ---

  // The status of a call that is made now: not OK when the channel is closed or was never good.
  absl::Status Refusal() const { return closed() ? AlreadyClosed() : place_.status(); }

  // --- The way to a connection: see Connector. ---

  // Gives a call that nobody is blocked in its connection, now or from the thread that connects.
  virtual void Launch(AsyncCallBase& call) = 0;

  // Takes it back, where that is still to be done.
  virtual void DoNotConnectFor(AsyncCallBase& call) = 0;

  // Connects if need be, and makes the call on this thread, until it has ended or must look for
  // another connection.
  virtual void Perform(BlockingCall& call, Lock& lock) = 0;

  // What a call without a connection is at.
  virtual std::string_view connect_phase() const = 0;

  // Whoever waits for a connection, or for the channel's end, looks up.
  void WakeWaiting() { changed_.notify_all(); }

  // --- What all calls share. ---

  // The loop, with its thread running. The system's error when it refuses one.
  absl::StatusOr<transport::EventLoop*> EnsureLoop();

  // Where its connections' buffers come from.
  const connection::BufferSource& buffers() const { return buffers_; }

  transport::TimerQueue& deadlines() { return deadlines_; }
  void QueueCallback(std::shared_ptr<PendingCallback> callback) { due_.Add(std::move(callback)); }
  void Log(LogLevel level, std::string_view event, std::string detail = {});
  bool closed() const { return closed_.load(std::memory_order_relaxed); }  // Any thread.
  bool delivering_on_loop() const { return on_loop_; }

  // DEADLINE_EXCEEDED for a call that was begun then; the text names the phase and the time.
  absl::Status DeadlineExceeded(std::string_view phase, base::TimePoint begun) const;

  // --- Without it. ---

  // What a call gets that would block on this thread: FAILED_PRECONDITION, where it runs an event
  // loop. That must not wait: others are served there, and perhaps the call itself. Nor must the
  // channel's log hook, which may run on the thread that reads.
  absl::Status CheckMayBlock() const;

  // The log hook is not called any more, but for a call that runs already.
  void StopLogging() { silent_.store(true, std::memory_order_relaxed); }

  // The limit of the server that is connected, if any is, lets a message of that size pass.
  virtual bool MayTake(std::size_t message_size) = 0;

  // Code of the user's threw: that goes to the log, and no further.
  void LogThrown(std::string_view event, const std::exception_ptr& exception);

 protected:
  Core(std::string_view endpoint, ChannelOptions options);

  // This thread runs the channel's log hook.
  bool InLogHook() const;

  // With the lock: calls are refused from now on.
  void MarkClosed() {
    closed_ = true;
    WakeWaiting();
  }

  // Waits until WakeWaiting(); false: `deadline` has passed first.
  bool WaitForChange(Lock& lock, base::TimePoint deadline = base::kNever) {
    return lock.Wait(changed_, deadline);
  }

  // With the lock: the loop runs, or has been handed in.
  bool has_loop() const { return io_thread_ != nullptr; }

  const absl::StatusOr<transport::Place>& place() const { return place_; }

  // No loop is needed any more. Without the lock, not on its thread.
  void LetGoOfLoop();

 private:
  static absl::Status AlreadyClosed();

  Core(absl::StatusOr<transport::Place> place, std::string_view endpoint, ChannelOptions&& options);

  // Wakes the loop for the earliest deadline.
  struct Alarm final : transport::EventLoop::Timer {
    explicit Alarm(Core& owner) : core(owner) {}
    void OnTimer() override { core.OnAlarm(); }
    Core& core;
  };

  // The lock can be given back just so.
  bool idle() const { return due_.empty() && log_.empty() && deadlines_.next() >= armed_for_; }

  void WaitForLock();
  bool HandToLoop();
  bool PostDelivery();
  void DeliverHanded();
  bool EndDelivery();
  void TellLog(const std::vector<LogRecord>& records);
  void Arm();
  void TryToArm();
  void OnAlarm();

  const std::shared_ptr<transport::Transport> transport_;  // Kept alive, where that is possible.
  std::shared_ptr<IoThread> io_thread_;                    // Null: not needed yet, or not any more.
  ChannelOptions options_;
  const std::string endpoint_text_;
  const absl::StatusOr<transport::Place> place_;  // Not OK: no call can be made.

  const connection::BufferSource buffers_;

  base::ProcessMark mark_;
  std::mutex mutex_;
  std::condition_variable changed_;   // See WakeWaiting().
  std::atomic<bool> closed_ = false;  // Written with the lock.
  bool on_loop_ = false;              // Who holds the lock said so.

  transport::TimerQueue deadlines_;
  base::TimePoint armed_for_ = base::kNever;
  Alarm alarm_;
  bool shut_down_ = false;
  std::atomic<bool> silent_ = false;  // The log hook's owner may be gone.

  DueCallbacks due_;     // To be handed over as soon as the lock is given back.
  DueCallbacks handed_;  // Those that work posted to the loop will deliver.
  std::vector<LogRecord> log_;
};

inline void Core::Lock::Acquire() {
  if (!core_.mutex_.try_lock()) core_.WaitForLock();
  held_ = true;
  core_.on_loop_ = where_ == Where::kOnLoop;
}

inline void Core::Lock::Release() {
  if (!core_.idle()) return HandOver();
  held_ = false;
  core_.mutex_.unlock();
}

}  // namespace piperpc::client
