// One call of a channel, of whatever form: where it stands, and how it ends.
//
// A call is connecting (it has no connection), queued (its connection waits for a free slot, or for
// the server's Hello), sent, and ended. A call whose request the server cannot have seen may go
// back from sent to connecting. One that has a retry policy may wait between two attempts, backing
// off, and then goes back, too: see call_retry.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/channel.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/internal/codec.h"
#include "src/base/linked_queue.h"
#include "src/base/memory.h"
#include "src/client/call_connection.h"
#include "src/client/channel_mutex.h"
#include "src/client/core.h"
#include "src/client/options.h"
#include "src/connection/reassembly.h"
#include "src/metrics/method_cells.h"
#include "src/transport/event_loop.h"
#include "src/wire/frame.h"

namespace piperpc::client {

// What a call is to the thread that makes it.
struct Caller {
  bool reads = false;   // It is blocked in the call, and may read the connection meanwhile.
  bool probes = false;  // It wants to know only whether the server says Hello.
};

class Call : public transport::EventLoop::Timer, public base::QueueLink<Call> {
 public:
  enum class Phase { kConnecting, kQueued, kSent, kBackingOff, kEnded };

  // Whether the server may have looked at what was sent to it.
  enum class Seen { kNo, kMaybe };

  // `options` is looked at now; its trailers are written to before the call ends.
  Call(Core& core, const internal::ClientMethod& method, const CallOptions& options,
       Caller caller = {});
  virtual ~Call() = default;

  // Runs the middleware, encodes the metadata and looks at the request, which is null where there
  // is none yet. Not OK: the call must end with it. Once, first, without the lock.
  absl::Status Prepare(const CallOptions& options,
                       const internal::OutMessage* request) CHANNEL_UNLOCKED;

  // Tells the middleware how the call ended. Once, last, without the lock.
  void NotifyMiddleware();

  // --- What is counted of it, where somebody counts. ---

  // The call itself, once it was prepared; one that has ended by then is not counted.
  void CountStart() CHANNEL_LOCKED {
    if (core_.options().metrics != nullptr) [[unlikely]]
      FindCells();
  }
  void CountReceived(std::size_t bytes) CHANNEL_LOCKED {
    if (cells_ != nullptr) [[unlikely]]
      cells_->Receive(bytes);
  }
  void CountSent(std::size_t bytes) CHANNEL_LOCKED {
    if (cells_ != nullptr) [[unlikely]]
      cells_->Send(bytes);
  }

  // It is sent to this server now.
  void GoesTo(const Peer& peer) CHANNEL_LOCKED;

  // --- What the connection asks. ---

  // The only request message, if the method takes just one.
  virtual bool has_request() const { return !StreamsRequests(type_); }
  virtual internal::OutMessage request() const = 0;

  // A thread is blocked in this call, and may read the connection meanwhile.
  bool can_read() const { return caller_.reads; }

  // Ends with OK as soon as the server has said Hello, and sends nothing.
  bool is_probe() const { return caller_.probes; }

  // False: it cannot be sent again, whether the server has seen it or not.
  virtual bool may_retry() const CHANNEL_LOCKED { return true; }

  // --- What the connection tells. ---

  // Not OK: the call must end with it.
  virtual absl::Status OnMessage(wire::Bytes message) CHANNEL_LOCKED = 0;
  // The same; more of it will come.
  virtual absl::Status OnPart() CHANNEL_LOCKED { return absl::OkStatus(); }
  virtual void OnCredit(std::uint64_t) CHANNEL_LOCKED {}
  virtual void OnWritable() CHANNEL_LOCKED {}  // The outbox has room again, or credit has come.

  // The call is over. `reply`: the response message of a call that is OK; valid for this call only.
  void End(absl::Status status, std::string_view trailers = {},
           wire::Bytes reply = {}) CHANNEL_LOCKED;

  // The same for what a retry policy may help against: then the call has not ended, but waits for
  // its next attempt, and is no connection's from now on. Else the status says why not.
  void EndOrRetry(absl::Status status, Seen seen, std::string_view trailers = {}) CHANNEL_LOCKED;

  // --- Where it stands. ---

  Phase phase() const CHANNEL_LOCKED { return phase_; }
  bool ended() const CHANNEL_LOCKED { return phase_ == Phase::kEnded; }

  // Null: it has none. Lives longer than its calls.
  CallConnection* connection() const CHANNEL_LOCKED { return connection_; }
  // Not zero: the connection's table has it.
  std::uint64_t id() const CHANNEL_LOCKED { return id_; }
  // On so many connections, one after the other, in this attempt.
  int submits() const CHANNEL_LOCKED { return submits_; }

  // The server may take it, and has said Hello.
  bool begun() const CHANNEL_LOCKED {
    return phase_ == Phase::kSent && connection_->hello_received();
  }

  // Time has passed since times().begun.
  void MarkWaited() CHANNEL_LOCKED { waited_ = true; }

  // It is this connection's now, and waits there.
  void QueueAt(CallConnection& connection) CHANNEL_LOCKED {
    connection_ = &connection;
    phase_ = Phase::kQueued;
    ++submits_;
  }

  void TakeId(std::uint64_t id) CHANNEL_LOCKED { id_ = id; }

  // Its REQUEST is in the outbox.
  void Started() CHANNEL_LOCKED {
    phase_ = Phase::kSent;
    OnStarted();
  }

  // It is no connection's any more.
  void Leave() CHANNEL_LOCKED {
    connection_ = nullptr;
    id_ = 0;
  }

  // The server cannot have seen it: it asks for another connection.
  void ConnectAgain() CHANNEL_LOCKED;

  // What has come of the message that is being received.
  connection::MessageAssembler& assembler() CHANNEL_LOCKED { return assembler_; }

  // Ends it before the server did, and tells the server.
  void EndEarly(absl::Status status) CHANNEL_LOCKED;

  // Runs `step`, a step of the call with the lock held. Where it finds no memory, the call ends.
  template <typename Step>
  void Guard(Core::Lock& lock, Step step) CHANNEL_LOCKED {
    base::RunInMemory(step, [&] {
      lock.Ensure();
      EndEarly(base::OutOfMemory("a call"));
    });
  }

  std::string_view method() const { return method_; }
  MethodType type() const { return type_; }
  const CallTimes& times() const { return times_; }
  const std::string& metadata() const { return metadata_; }
  const absl::Status& status() const CHANNEL_LOCKED { return status_; }
  // After NotifyMiddleware().
  absl::Status TakeStatus() CHANNEL_LOCKED { return std::move(status_); }
  Core& core() { return core_; }

  // What is left until the deadline, in microseconds, and at least 1; 0 when there is none.
  std::uint64_t TimeLeft() const CHANNEL_LOCKED;

  // The caller cancels the call. Without the lock. A call that has ended loses the replies that
  // were not read; nothing to one that belongs to the parent of this process.
  void EndForCaller() CHANNEL_UNLOCKED;

  // The caller has cancelled it, and wants none of the replies that it has not read.
  virtual void DropReplies() CHANNEL_LOCKED {}

  // The same, once it has ended.
  virtual void DropUnread() CHANNEL_LOCKED {}

  // DEADLINE_EXCEEDED; the text says where the call stood, and for how long.
  absl::Status Expired() const CHANNEL_LOCKED;

 protected:
  virtual void OnStarted() CHANNEL_LOCKED {}
  // What a call in kSent waits for, before its method's name.
  virtual std::string_view sent_phase() const CHANNEL_LOCKED { return "waiting for the reply to"; }
  virtual void OnConnectAgain() CHANNEL_LOCKED = 0;  // Asks for a connection.
  virtual void OnBackOff() CHANNEL_LOCKED = 0;       // NextAttempt() is due at next_attempt().

  base::TimePoint next_attempt() const CHANNEL_LOCKED { return next_attempt_; }
  void NextAttempt() CHANNEL_LOCKED;

  // The call has ended with OK and this reply, which is valid until OnEnded() returns. May throw
  // std::bad_alloc: then the call has not ended with OK.
  virtual void KeepReply(wire::Bytes reply) CHANNEL_LOCKED = 0;
  virtual void OnEnded() CHANNEL_LOCKED = 0;

  // What a call ends with whose request is too deep.
  absl::Status TooDeep(const internal::OutMessage& request) const;

  // The same name, where it is as long as the call. Before Prepare().
  void MoveName(std::string_view name) { method_ = name; }

 private:
  absl::Status AskMiddleware(const Metadata& metadata) CHANNEL_UNLOCKED;
  absl::Status EncodeMetadata(const Metadata& metadata);
  absl::Status TryPrepare(const CallOptions& options,
                          const internal::OutMessage* request) CHANNEL_UNLOCKED;
  void FindCells() CHANNEL_LOCKED;
  void CountEnd(std::size_t reply_bytes) CHANNEL_LOCKED;
  absl::Status TakeTrailers(std::string_view encoded) CHANNEL_LOCKED;
  absl::Status DecodeTrailers(std::string_view encoded) CHANNEL_LOCKED;
  // The deadline, or the next attempt, of a call that nobody is blocked in.
  void OnTimer() override CHANNEL_LOCKED;

  // Of a policy, in call_retry.cc.
  const char* WhyNotRetry(Seen seen) CHANNEL_LOCKED;
  void BackOff() CHANNEL_LOCKED;
  void EndAttempts(absl::Status& status) CHANNEL_LOCKED;
  absl::Status WithAttempts(const absl::Status& status) const CHANNEL_LOCKED;

  Core& core_;
  std::string_view method_;
  const MethodType type_;
  const Caller caller_;
  const bool idempotent_;
  const internal::RetryRule* const rule_;  // Null: the call is not retried.
  Metadata* const trailers_;
  int* const attempts_;  // Null: its caller does not ask.
  CallTimes times_{};
  std::string metadata_;                    // Encoded.
  std::unique_ptr<ClientContext> context_;  // Null where nobody looks at it.
  std::size_t entered_ = 0;                 // So many of the middleware.

  Phase phase_ CHANNEL_GUARDED = Phase::kConnecting;
  CallConnection* connection_ CHANNEL_GUARDED = nullptr;
  std::uint64_t id_ CHANNEL_GUARDED = 0;
  int submits_ CHANNEL_GUARDED = 0;
  int attempt_ CHANNEL_GUARDED = 1;  // The number of this one.
  base::TimePoint next_attempt_ CHANNEL_GUARDED{};
  const char* why_no_more_ CHANNEL_GUARDED = nullptr;
  bool waited_ CHANNEL_GUARDED = false;
  connection::MessageAssembler assembler_ CHANNEL_GUARDED;
  absl::Status status_ CHANNEL_GUARDED;
  metrics::MethodCells* cells_ CHANNEL_GUARDED = nullptr;  // Null: nobody counts.
};

// Ends the call when its caller's stop token says so. Made and destroyed without the lock.
class StopLink {
 public:
  StopLink(const std::stop_token& stop, Call& call);

  // Null when `stop` can never be asked to stop.
  static std::unique_ptr<StopLink> Make(const std::stop_token& stop, Call& call) CHANNEL_UNLOCKED;

 private:
  struct OnStop {
    Call& call;
    void operator()() const;
  };
  std::stop_callback<OnStop> callback_;
};

}  // namespace piperpc::client
