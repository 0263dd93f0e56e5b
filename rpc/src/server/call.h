// One call in flight on the server.
//
// Life of a call: it is admitted (middleware, access rule), its handler begins when the request is
// whole, and it ends once, with one RESPONSE. A stop (cancel, deadline, disconnect, shutdown) does
// not end a running handler by force: it sets the stop token, wakes what waits for requests, and
// the call keeps its slot until the handler has ended. Only a coroutine that is suspended in a
// yield is not resumed, unless it asked for that.
//
// Everything runs on the connection's loop, except those functions of ServerContext that handlers
// may call from a worker.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/server_call.h"
#include "piperpc/server_context.h"
#include "src/base/clock.h"
#include "src/base/id_table.h"
#include "src/connection/credit.h"
#include "src/connection/packet_buffer.h"
#include "src/connection/reassembly.h"
#include "src/server/call_memory.h"
#include "src/server/counts.h"
#include "src/server/dispatcher.h"
#include "src/server/middleware_chain.h"
#include "src/transport/event_loop.h"
#include "src/wire/frame.h"

namespace piperpc::server {

class CallConnection;

class Call final : public internal::ServerCall,
                   public base::IdTableLink<Call>,
                   private ServerContext,
                   private transport::EventLoop::Timer {
 public:
  // `entry` outlives the call. `called`: the method's name, which the call keeps where `entry` has
  // none. `started`: when its request came. `timeout`: how long the caller waits from then on;
  // Duration::max() for ever.
  Call(CallConnection& connection, std::uint64_t id, const Dispatcher::Entry& entry,
       std::string_view called, base::TimePoint started, base::Duration timeout);
  ~Call();

  // A call lives in the memory of its host's calls, and gives it back.
  static void* operator new(std::size_t bytes, CallMemory& memory) { return memory.Take(bytes); }
  static void operator delete(void* place, CallMemory& memory) { memory.Give(place); }
  static void operator delete(Call* call, std::destroying_delete_t);

  // Takes the encoded metadata, asks middleware and the access rule, and begins the handler of a
  // method that streams its requests. The call may have ended when this returns.
  void CheckAdmission(std::string_view metadata);

  // Stops the call when its deadline has passed, or when a message has taken too long to become
  // whole. Only for a call that has not ended at once: before that, the loop has no time to look at
  // the clock.
  void ArmDeadline();

  // Frames of this call. An error is a violation of the protocol, and ends the connection.
  absl::Status OnMessageFrame(const wire::Frame& frame);
  absl::Status OnHalfClose();
  void OnCredit(std::uint64_t bytes);

  // The connection's output queue has room again.
  void OnWritable();

  // Nobody waits for this call any more, for this reason.
  void Stop(absl::Status reason) override;

  // The caller has given up: of itself, or because of the deadline. It does not say which.
  void Cancel();

  // The server has begun its shutdown; its grace is over, and the call is named in the report.
  void OnDrain();
  void StopForShutdown(const absl::Status& reason);

  // It was named as one that had to be cut off.
  void CutOff() { named_at_end_ = false; }

  // Ends a call with `reason` that nothing else will: it was not admitted yet, or waits for its
  // request.
  void EndUnlessBegun(const absl::Status& reason);

  // Destroys the handler where it stands, and ends the call. After Stop().
  void Abort();

  std::uint64_t id() const { return id_; }
  bool ended() const { return ended_; }

  // The list of those that have ended and go away.
  void SetNextEnded(std::unique_ptr<Call> next) { next_ended_ = std::move(next); }
  std::unique_ptr<Call> TakeNextEnded() { return std::move(next_ended_); }

  // "package.Service/Method (pid 17, uid:1000, for 2.5 s)".
  std::string Describe() const;

  // internal::ServerCall
  ServerContext& context() override { return *this; }
  std::span<const char> request() const override { return request_; }
  internal::HandlerSlot& handler() override { return handler_; }
  void Finish(absl::Status status) override { EndWith(std::move(status), nullptr); }
  void FinishWith(const internal::OutMessage& response) override;
  bool Put(const internal::OutMessage& message, std::coroutine_handle<> producer,
           internal::AtStop at_stop) override;
  void End(absl::Status status) override { Finish(std::move(status)); }
  void Throw(std::exception_ptr exception) override;
  bool Ready() override;
  void ResumeWhenReady(std::coroutine_handle<> waiter) override { reader_ = waiter; }
  void Forget() override { reader_ = nullptr; }
  bool Pop(absl::FunctionRef<internal::ParseResult(std::span<const char>)> parse) override;

 private:
  // Asks the middleware; waits for its request; has a handler.
  enum class Phase : std::uint8_t { kAdmitting, kReceiving, kBegun };

  // A message that waits for its reader: copied from its one frame, or as it was put together.
  struct Inbound {
    std::string copied;
    connection::PacketBuffer assembled;
    wire::Bytes bytes() const {
      return assembled.empty() ? wire::Bytes(copied)
                               : wire::Bytes(assembled.data(), assembled.size());
    }
  };

  // A source of stop that is made when somebody asks for it.
  class LateStop {
   public:
    std::stop_token token();
    // The source that must be asked to stop, without the lock; none: nobody has asked for it yet.
    std::optional<std::stop_source> Stop();

   private:
    std::optional<std::stop_source> source_;
    bool requested_ = false;
  };

  // ServerContext
  std::string_view method() const override { return entry_.method->name; }
  const Peer& peer() const override;
  const Metadata& metadata() const override { return metadata_; }
  base::TimePoint deadline() const override { return deadline_; }
  base::TimePoint started() const override { return started_; }
  CallTraffic traffic() const override;
  std::stop_token stop_token() override;
  std::stop_token drain_token() override;
  CallValues& values() override { return values_; }
  SessionState& session() override;
  void AddTrailer(std::string_view key, std::string_view value) override;
  Executor& executor() override;
  WorkerPool& workers() override;

  void OnTimer() override;
  void StopAtDeadline();

  void RequestStop(LateStop Call::*stop) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status DecodeMetadata(std::string_view metadata);
  void StopWithoutMemory(std::string_view what, std::size_t bytes);
  void DisarmDeadline();
  void LetGo();

  // Requests, call_requests.cc.
  absl::Status TakeMessageFrame(const wire::Frame& frame);
  void Begin(wire::Bytes request);
  bool CountRequest(wire::Bytes request);
  void StopWithoutCredit(std::uint64_t size);
  void OnPart(bool request);
  void ExpectRest();
  void StopTooSlow();
  void Deliver(wire::Bytes message);
  Inbound Own(wire::Bytes message);
  // Nearly always there are none.
  void ForgetMessages() {
    while (!inbound_.empty()) ForgetFirst();
  }
  void ForgetFirst();
  void Forget(Inbound& message);
  void WakeReader();

  // Replies, call_replies.cc.
  bool Fits(const internal::OutMessage& reply) const;  // Apart from why not, for its speed.
  absl::Status WhyNot(const internal::OutMessage& reply) const;
  bool may_send() const;
  void SendYielded(const internal::OutMessage& message);
  void EndWith(absl::Status status, const internal::OutMessage* response);
  void Respond(absl::Status& status, const internal::OutMessage* response);
  void RespondWithoutMemory(absl::Status& status, const internal::OutMessage* response);
  void NameAtEnd();
  std::size_t SizeOf(const internal::OutMessage* response);
  absl::Status EncodeTrailers(std::string& trailers);

  // What is counted where somebody wants to know, call_counts.cc: the test is all that it costs
  // where nobody does.
  bool counted() const { return counts_.has_value(); }
  void CountStart();
  void CountReceived(std::size_t bytes);
  void CountSent(std::size_t bytes);
  void CountEnd(const absl::Status& status);

  CallConnection& connection_;
  const std::uint64_t id_;
  const std::unique_ptr<const NamedMethod> own_method_;  // Of the catch-all service.
  const Dispatcher::Entry entry_;
  const base::TimePoint started_;
  const base::TimePoint deadline_;
  std::optional<CallCounts> counts_;  // None: nobody wants to know.

  Phase phase_ = Phase::kAdmitting;
  bool ended_ = false;
  bool half_closed_ = false;
  bool named_at_end_ = false;  // The shutdown has stopped it.
  absl::Status stopped_;       // Not OK: why.
  Metadata metadata_;
  MiddlewareChain middleware_;
  std::unique_ptr<Call> next_ended_;

  connection::MessageAssembler assembler_;
  wire::Bytes request_;

  base::TimePoint message_due_ = base::kNever;  // When the message that has begun must be whole.

  std::size_t request_memory_ = 0;  // What is counted for the request until the call has ended.
  std::list<Inbound> inbound_;      // Takes no memory while it is empty.
  connection::ReceiveCredit receive_credit_;
  std::coroutine_handle<> reader_;

  connection::SendCredit send_credit_;
  std::coroutine_handle<> producer_;  // Suspended in a yield until its message can be sent.
  std::optional<internal::OutMessage> yielded_;  // That message.
  internal::AtStop at_stop_{};                   // What becomes of it then.

  internal::Mutex mutex_;  // Of what workers share.
  LateStop stop_ ABSL_GUARDED_BY(mutex_);
  LateStop drain_ ABSL_GUARDED_BY(mutex_);
  Metadata trailers_ ABSL_GUARDED_BY(mutex_);
  std::atomic<bool> has_trailers_ = false;  // Read without the mutex.

  // The user's. As they go away they may use the context, which is all of the above: so they go
  // first.
  CallValues values_;
  internal::HandlerSlot handler_;
};

}  // namespace piperpc::server
