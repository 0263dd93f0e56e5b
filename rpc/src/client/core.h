// What all calls of a channel need: its lock, its timers, its log, the loop's thread, and a way to
// a connection.
//
// One lock guards the channel, its connections and its calls; a channel has one connection at a
// time, so it would be one lock in any case. No code of the user runs while it is held, but that of
// a PacketObserver: what has become due is collected, and handed to the loop (or run, on the loop)
// when the lock is given back.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "piperpc/endpoint.h"
#include "piperpc/internal/mutex.h"
#include "src/base/clock.h"
#include "src/base/linked_queue.h"
#include "src/base/memory.h"
#include "src/base/process.h"
#include "src/client/channel_mutex.h"
#include "src/client/due_callbacks.h"
#include "src/client/io_thread.h"
#include "src/client/options.h"
#include "src/client/retry_budget.h"
#include "src/client/retry_rules.h"
#include "src/client/state_board.h"
#include "src/connection/packet_buffer.h"
#include "src/metrics/method_cells.h"
#include "src/transport/condition.h"
#include "src/transport/timer_queue.h"
#include "src/transport/transport.h"

namespace piperpc::client {

class AsyncCallBase;
class BlockingCall;
class Call;

class Core : public std::enable_shared_from_this<Core> {
 public:
  virtual ~Core();  // After LetGoOfLoop().
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Holds the channel's lock. kOnLoop: this is the loop's thread, outside of any callback, so what
  // is due is run as soon as the lock is given back.
  class ABSL_SCOPED_LOCKABLE Lock {
   public:
    enum class Where { kAnywhere, kOnLoop };
    explicit Lock(Core& core, Where where = Where::kAnywhere)
        ABSL_EXCLUSIVE_LOCK_FUNCTION(channel_mutex)
        : core_(core), where_(where) {
      Acquire();
    }
    ~Lock() ABSL_UNLOCK_FUNCTION() {
      if (held_) Release();
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    void Release() ABSL_UNLOCK_FUNCTION(channel_mutex);
    void Acquire() ABSL_EXCLUSIVE_LOCK_FUNCTION(channel_mutex);

    // Also after an exception that may have come while it was released. Not analysed: clang does
    // not know what `held_` says.
    void Ensure() ABSL_ASSERT_EXCLUSIVE_LOCK(channel_mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if (!held_) Acquire();
    }

    // Waits for `changed`, or less long: look again at what you wait for. False: `deadline` has
    // passed.
    bool Wait(transport::Condition& changed,
              base::TimePoint deadline = base::kNever) CHANNEL_LOCKED;

   private:
    void HandOver() ABSL_UNLOCK_FUNCTION(channel_mutex);

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
  absl::Status Refusal() const CHANNEL_LOCKED {
    return closed() ? AlreadyClosed() : place_.status();
  }

  // --- The way to a connection: see Connector. ---

  // Gives a call that nobody is blocked in its connection, now or from the thread that connects.
  virtual void Launch(AsyncCallBase& call) CHANNEL_LOCKED = 0;

  // Takes it back, where that is still to be done.
  virtual void DoNotConnectFor(AsyncCallBase& call) CHANNEL_LOCKED = 0;

  // Connects if need be, and makes the call on this thread, until it has ended or must look for
  // another connection.
  virtual void Perform(BlockingCall& call, Lock& lock) CHANNEL_LOCKED = 0;

  // What a call without a connection is at.
  virtual std::string_view connect_phase() const CHANNEL_LOCKED = 0;

  // Whoever waits for a connection, or for the channel's end, looks up.
  void WakeWaiting() CHANNEL_LOCKED { changed_.NotifyAll(); }

  StateBoard& states() CHANNEL_LOCKED { return states_; }

  ChannelStatus Status() const CHANNEL_LOCKED;

  // DEADLINE_EXCEEDED: the state was `from` all the time.
  absl::Status WaitForOtherState(Lock& lock, ChannelState from,
                                 std::chrono::milliseconds timeout) CHANNEL_LOCKED;

  // What a channel begins with that nobody has used. Any thread.
  ChannelStatus FirstStatus() const;

  // --- What all calls share. ---

  // See internal::StartThread().
  absl::StatusOr<std::thread> StartThread(std::string_view purpose,
                                          absl::AnyInvocable<void()> body) {
    return threads_.Start(purpose, std::move(body));
  }

  // The loop, with its thread running. The system's error when it refuses one.
  absl::StatusOr<transport::EventLoop*> EnsureLoop() CHANNEL_LOCKED;

  // Where its connections' buffers come from.
  const connection::BufferSource& buffers() const { return buffers_; }

  // Where calls of `method` are counted. Only where the options have metrics. A caller tends to
  // call what it has just called.
  metrics::MethodCells& CellsOf(std::string_view method) CHANNEL_LOCKED {
    if (counted_ == nullptr || counted_->name != method) CountFromNowOn(method);
    return *counted_->cells;
  }

  transport::TimerQueue& deadlines() CHANNEL_LOCKED { return deadlines_; }

  // --- What calls are retried with. ---

  // Null: the method has no policy. Any thread.
  const internal::RetryRule* RuleOf(const internal::ClientMethod& method) const {
    return method.retry == nullptr && retry_rules_ == nullptr ? nullptr : FindRule(method);
  }
  RetryBudget& retry_budget() CHANNEL_LOCKED { return retry_budget_; }

  // The calls that wait for their next attempt.
  base::LinkedQueue<Call>& backing_off() CHANNEL_LOCKED { return backing_off_; }

  void QueueCallback(std::shared_ptr<PendingCallback> callback) CHANNEL_LOCKED {
    due_.Add(std::move(callback));
  }
  void Log(LogLevel level, std::string_view event, std::string detail = {}) CHANNEL_LOCKED;
  bool closed() const { return closed_.load(std::memory_order_relaxed); }  // Any thread.
  bool delivering_on_loop() const CHANNEL_LOCKED { return on_loop_; }

  // DEADLINE_EXCEEDED for a call that was begun then; the text names the phase and the time, and
  // ends with `advice`.
  absl::Status DeadlineExceeded(std::string_view phase, base::TimePoint begun,
                                std::string_view advice = {}) const;

  // UNAVAILABLE for a call that has waited for a server since then, as long as it may; `why` is
  // what it was told last.
  absl::Status StillNoServer(const absl::Status& why, base::TimePoint begun) const;

  // --- Without it. ---

  // What a call gets that would block on this thread: FAILED_PRECONDITION, where it runs an event
  // loop. That must not wait: others are served there, and perhaps the call itself. Nor must the
  // channel's log hook, which may run on the thread that reads. `instead`: the forms of the call
  // that do not block.
  absl::Status CheckMayBlock(absl::FunctionRef<std::string()> instead) const;

  // The log hook is not called any more, but for a call that runs already.
  void StopLogging() { silent_.store(true, std::memory_order_relaxed); }

  // What is wrong with a message of that size for the server that is connected, if any is.
  virtual absl::Status CheckSize(std::size_t message_size) CHANNEL_UNLOCKED = 0;

  // Code of the user's threw: that goes to the log, and no further.
  void LogThrown(std::string_view event, const std::exception_ptr& exception) CHANNEL_UNLOCKED;

 protected:
  // `place`: what is wrong with it becomes the status of every call. `endpoint`: for texts.
  Core(absl::StatusOr<transport::Place> place, std::string_view endpoint, ChannelOptions options);

  // This thread runs the channel's log hook.
  bool InLogHook() const;

  // With the lock: calls are refused from now on.
  void MarkClosed() CHANNEL_LOCKED {
    closed_ = true;
    WakeWaiting();
    states_.Set(ChannelState::kClosed, {});  // Status() has the reason.
  }

  // Waits until WakeWaiting(); false: `deadline` has passed first.
  bool WaitForChange(Lock& lock, base::TimePoint deadline = base::kNever) CHANNEL_LOCKED {
    return lock.Wait(changed_, deadline);
  }

  void SetState(ChannelState state, const absl::Status& reason = {}) CHANNEL_LOCKED {
    states_.Set(state, reason);
    if (state_waits_ != 0) WakeWaiting();
  }

  // With the lock: the loop runs, or has been handed in.
  bool has_loop() const CHANNEL_LOCKED { return io_thread_ != nullptr; }

  const absl::StatusOr<transport::Place>& place() const { return place_; }

  // No loop is needed any more. Without the lock, not on its thread.
  void LetGoOfLoop() CHANNEL_UNLOCKED;

 private:
  static absl::Status AlreadyClosed();
  const internal::RetryRule* FindRule(const internal::ClientMethod& method) const;
  internal::Mutex& mutex() ABSL_LOCK_RETURNED(channel_mutex) { return mutex_; }

  // Wakes the loop for the earliest deadline.
  struct Alarm final : transport::EventLoop::Timer {
    explicit Alarm(Core& owner) : core(owner) {}
    void OnTimer() override { core.OnAlarm(); }
    Core& core;
  };

  // The lock can be given back just so.
  bool idle() const CHANNEL_LOCKED {
    return due_.empty() && log_.empty() && deadlines_.next() >= armed_for_;
  }

  void CheckNotObserving() const;
  std::int64_t MillisecondsSince(base::TimePoint begun) const;
  bool HandToLoop() CHANNEL_LOCKED;
  bool PostDelivery() CHANNEL_LOCKED;
  void DeliverHanded() CHANNEL_UNLOCKED;
  bool EndDelivery() CHANNEL_UNLOCKED;
  void TellLog(const std::vector<LogRecord>& records) CHANNEL_UNLOCKED;
  void Arm() CHANNEL_LOCKED;
  void TryToArm() CHANNEL_LOCKED;
  void OnAlarm() CHANNEL_UNLOCKED;

  const std::shared_ptr<transport::Transport> transport_;  // Kept alive, where that is possible.
  std::shared_ptr<IoThread> io_thread_ CHANNEL_GUARDED;    // Null: not needed yet, or not any more.
  ChannelOptions options_;
  const std::string endpoint_text_;
  const absl::StatusOr<transport::Place> place_;  // Not OK: no call can be made.
  transport::ClientThreads& threads_;

  const connection::BufferSource buffers_;

  base::ProcessMark mark_;
  internal::Mutex mutex_;
  transport::Condition changed_;          // See WakeWaiting().
  std::atomic<bool> closed_ = false;      // Written with the lock.
  bool on_loop_ CHANNEL_GUARDED = false;  // Who holds the lock said so.

  transport::TimerQueue deadlines_ CHANNEL_GUARDED;
  base::TimePoint armed_for_ CHANNEL_GUARDED = base::kNever;
  Alarm alarm_;  // The loop's.
  bool shut_down_ CHANNEL_GUARDED = false;
  std::atomic<bool> silent_ = false;  // The log hook's owner may be gone.
  RetryBudget retry_budget_ CHANNEL_GUARDED;
  int state_waits_ CHANNEL_GUARDED = 0;  // So many threads wait for another state.

  StateBoard states_ CHANNEL_GUARDED;

  std::unique_ptr<const RetryRules> retry_rules_;  // Null: none but those of protos.
  base::LinkedQueue<Call> backing_off_ CHANNEL_GUARDED;

  DueCallbacks due_ CHANNEL_GUARDED;     // To be handed over as soon as the lock is given back.
  DueCallbacks handed_ CHANNEL_GUARDED;  // Those that work posted to the loop will deliver.
  std::vector<LogRecord> log_ CHANNEL_GUARDED;

  void CountFromNowOn(std::string_view method) CHANNEL_LOCKED;

  struct CountedMethod {
    std::string name;
    metrics::MethodCells* cells = nullptr;
  };
  std::unique_ptr<CountedMethod> counted_ CHANNEL_GUARDED;  // That was asked for last.
};

inline void Core::Lock::Acquire() {
  if (core_.options_.observer != nullptr) core_.CheckNotObserving();
  core_.mutex().lock();
  held_ = true;
  core_.on_loop_ = where_ == Where::kOnLoop;
}

inline void Core::Lock::Release() {
  if (!core_.idle()) return HandOver();
  held_ = false;
  core_.mutex().unlock();
}

}  // namespace piperpc::client
