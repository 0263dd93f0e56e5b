#include "src/server/call.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/thunks.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/server/call_connection.h"
#include "src/server/errors.h"
#include "src/server/reply.h"
#include "src/wire/metadata.h"

namespace piperpc::server {
namespace {

// What a message takes that waits for its handler: with its place in the list, and the string's.
std::size_t MemoryOf(std::size_t message_size) { return message_size + kMessageOverhead; }

// Requests up to this size are counted only when their handlers have not ended at once.
constexpr std::size_t kSmallRequest = 4096;

// Null where the row has a name. It throws before the call is counted.
std::unique_ptr<const NamedMethod> OwnMethod(const Method& row, std::string_view called) {
  if (!row.name.empty()) return nullptr;
  return std::make_unique<const NamedMethod>(row, called);
}

// What the caller's clock and the server's may differ by, as one begins when the request is sent,
// and the other when it comes; of a short timeout only a part.
constexpr base::Duration kDeadlineSlack = std::chrono::milliseconds(10);

// A caller that gives up then does so because of its deadline.
bool GivesUpForDeadline(base::TimePoint now, base::TimePoint started, base::TimePoint deadline) {
  return deadline - now < std::min(kDeadlineSlack, (deadline - started) / 4);
}

// How long a message of `size` bytes may take to arrive.
base::Duration TimeFor(std::uint64_t size, std::chrono::milliseconds timeout) {
  const std::chrono::seconds more(size >> 20);
  const base::Duration time = base::Saturated(timeout);
  return time > base::Duration::max() - more ? base::Duration::max() : time + more;
}

}  // namespace

Call::Call(CallConnection& connection, std::uint64_t id, const Dispatcher::Entry& entry,
           std::string_view called, base::TimePoint started, base::Duration timeout)
    : connection_(connection),
      id_(id),
      own_method_(OwnMethod(*entry.method, called)),
      entry_{own_method_ == nullptr ? entry.method : &own_method_->row, entry.service},
      started_(started),
      deadline_(base::After(timeout, started_)),
      assembler_(connection.host().buffer_source()),
      receive_credit_(connection.core().options.stream_credit_bytes),
      send_credit_(connection.peer_limits().initial_credit) {
  connection_.host().CountCall();
}

Call::~Call() {
  if (!ended_) LetGo();
  connection_.host().UncountCall();
}

void Call::operator delete(Call* call, std::destroying_delete_t) {
  CallMemory& memory = call->connection_.host().call_memory();
  std::destroy_at(call);
  memory.Give(call);
}

// Of what others share. At its end, or when it goes away without one.
void Call::LetGo() {
  DisarmDeadline();
  ForgetMessages();
  if (request_memory_ != 0) connection_.memory().Give(std::exchange(request_memory_, 0));
}

void Call::CheckAdmission(std::string_view metadata) {
  const absl::Status damage = metadata.empty() ? absl::OkStatus() : DecodeMetadata(metadata);
  absl::Status refusal = middleware_.Before(connection_.core(), *this);
  phase_ = Phase::kReceiving;
  refusal.Update(stopped_);
  refusal.Update(damage);
  if (!refusal.ok()) return Finish(std::move(refusal));
  if (entry_.method->requires_login && !connection_.session().user()) {
    return Finish(NeedsLogin(method()));
  }
  if (StreamsRequests(entry_.method->type)) Begin({});
}

absl::Status Call::DecodeMetadata(std::string_view metadata) {
  return base::RunInMemory(
      [&] {
        absl::StatusOr<Metadata> decoded = wire::DecodeMetadata(metadata);
        if (!decoded.ok()) return decoded.status();
        metadata_ = *std::move(decoded);
        return absl::OkStatus();
      },
      [&] {
        connection_.LogNoMemory(method(), "metadata", metadata.size());
        return base::OutOfMemory("metadata", metadata.size());
      });
}

void Call::ArmDeadline() {
  const base::TimePoint due = std::min(deadline_, message_due_);
  if (due != base::kNever) connection_.loop().Schedule(*this, due);
}

void Call::DisarmDeadline() {
  if (scheduled()) connection_.loop().Cancel(*this);
}

absl::Status Call::OnMessageFrame(const wire::Frame& frame) {
  return base::RunInMemory([&] { return TakeMessageFrame(frame); },
                           [&] {
                             const std::uint64_t stated = frame.header.message_size;
                             StopWithoutMemory(
                                 "a message",
                                 std::max({stated, assembler_.expected(),
                                           static_cast<std::uint64_t>(frame.payload.size())}));
                             return absl::OkStatus();
                           });
}

void Call::StopWithoutMemory(std::string_view what, std::size_t bytes) {
  connection_.LogNoMemory(method(), what, bytes);
  Stop(base::OutOfMemory(what, bytes));
}

absl::Status Call::TakeMessageFrame(const wire::Frame& frame) {
  if (ended_ || !stopped_.ok()) return absl::OkStatus();
  const bool request = frame.header.kind == wire::FrameKind::kRequest;
  if (half_closed_) return MessageAfterLast(id_);
  if (request == StreamsRequests(entry_.method->type)) return FrameCannotCarryMessage(frame.header);
  const ServerOptions& options = connection_.core().options;
  auto outcome = assembler_.Add(frame, options.max_message_bytes, &connection_.memory());
  if (!outcome.ok()) {
    if (!absl::IsResourceExhausted(outcome.status())) return outcome.status();
    Stop(outcome.status());
    return absl::OkStatus();
  }
  if (outcome->result == connection::MessageAssembler::Result::kMore) {
    OnPart(request);
    return absl::OkStatus();
  }
  message_due_ = base::kNever;
  if (request) {
    half_closed_ = true;  // It is the only one.
    Begin(outcome->message);
  } else {
    Deliver(outcome->message);
  }
  assembler_.Clear();
  return absl::OkStatus();
}

// A message holds memory from its first frame on: so it needs its credit then, and must not take
// for ever.
void Call::OnPart(bool request) {
  if (!request && !receive_credit_.may_receive()) return StopWithoutCredit(assembler_.expected());
  if (message_due_ == base::kNever) ExpectRest();
}

// What is slow for its size alone has time for that.
void Call::ExpectRest() {
  const std::uint64_t size = assembler_.expected();
  message_due_ = base::After(TimeFor(size, connection_.core().options.message_timeout),
                             connection_.loop().Now());
  ArmDeadline();
}

void Call::StopWithoutCredit(std::uint64_t size) {
  Stop(MessageWithoutCredit(size, connection_.core().options.stream_credit_bytes));
}

void Call::Begin(wire::Bytes request) {
  if (request.size() > kSmallRequest && !CountRequest(request)) return;
  phase_ = Phase::kBegun;
  request_ = request;
  entry_.method->start(*entry_.service, *this);
  request_ = {};
  if (!ended_ && !request.empty() && request_memory_ == 0) CountRequest(request);
}

// A small one only if it is still needed, which nearly all are not once their handlers have begun.
// Until the call has ended its handler may hold the request, or wait with it for a worker. False:
// there is no room for it, and the call is stopped.
bool Call::CountRequest(wire::Bytes request) {
  request_memory_ = assembler_.TakeCharge();
  if (request_memory_ != 0) return true;
  const std::size_t cost = MemoryOf(request.size());
  if (!connection_.memory().Take(cost)) {
    Stop(connection::NoRoomToReceive(cost, connection_.memory()));
    return false;
  }
  request_memory_ = cost;
  return true;
}

void Call::Deliver(wire::Bytes message) {
  if (!receive_credit_.Receive(message.size())) return StopWithoutCredit(message.size());
  const std::size_t cost = MemoryOf(message.size()) - assembler_.charged();
  if (!connection_.memory().Take(cost))
    return Stop(connection::NoRoomToReceive(cost, connection_.memory()));
  base::RunInMemory([&] { inbound_.push_back(Own(message)); },
                    [&] {
                      connection_.memory().Give(MemoryOf(message.size()));
                      StopWithoutMemory("a message", message.size());
                    });
  WakeReader();
}

// What was put together from parts stays where it is, and as it is counted, unless it lies in a
// buffer that is much too large for it.
Call::Inbound Call::Own(wire::Bytes message) {
  Inbound own;
  if (assembler_.TakeCharge() != 0 && assembler_.capacity() / 2 <= message.size()) {
    own.assembled = assembler_.TakeBytes();
  } else {
    own.copied.assign(message.data(), message.size());
  }
  return own;
}

absl::Status Call::OnHalfClose() {
  if (ended_ || !stopped_.ok()) return absl::OkStatus();
  if (half_closed_) return HalfCloseAgain(id_);
  if (!StreamsRequests(entry_.method->type) || assembler_.in_progress()) {
    return HalfCloseInMessage(id_);
  }
  half_closed_ = true;
  WakeReader();
  return absl::OkStatus();
}

void Call::WakeReader() {
  if (reader_) std::exchange(reader_, nullptr).resume();
}

void Call::Forget(Inbound& message) {
  connection_.memory().Give(MemoryOf(message.bytes().size()));
  if (!message.assembled.empty())
    connection_.host().buffer_source().large().Give(std::move(message.assembled));
}

// Nobody will read it.
void Call::ForgetFirst() {
  Forget(inbound_.front());
  inbound_.pop_front();
}

bool Call::Ready() { return !inbound_.empty() || half_closed_ || !stopped_.ok(); }

bool Call::Pop(absl::FunctionRef<internal::ParseResult(std::span<const char>)> parse) {
  if (!stopped_.ok() || inbound_.empty()) return false;
  std::list<Inbound> message;
  message.splice(message.begin(), inbound_, inbound_.begin());
  const std::size_t size = message.front().bytes().size();
  const internal::ParseResult parsed = parse(message.front().bytes());
  Forget(message.front());
  if (parsed != internal::ParseResult::kParsed) {
    if (parsed == internal::ParseResult::kNoMemory) {
      StopWithoutMemory("a message", size);
    } else {
      Stop(internal::MalformedRequest(method(), size, parsed));
    }
    return false;
  }
  if (const std::uint64_t granted = receive_credit_.Consume(size); granted != 0) {
    connection_.Send({.kind = wire::FrameKind::kCredit, .call_id = id_, .credit = granted});
  }
  return true;
}

void Call::OnCredit(std::uint64_t bytes) {
  send_credit_.Add(bytes);
  OnWritable();
}

void Call::OnWritable() {
  if (!producer_ || ended_ || !may_send()) return;
  SendYielded(*yielded_);
  if (producer_ && !ended_) std::exchange(producer_, nullptr).resume();
}

bool Call::Fits(const internal::OutMessage& reply) const {
  return connection_.Takes(reply.size()) && !reply.too_deep();
}

absl::Status Call::WhyNot(const internal::OutMessage& reply) const {
  if (!connection_.Takes(reply.size())) {
    return ReplyTooLarge(reply.size(), connection_.peer_limits().max_message_bytes);
  }
  return internal::TooDeepToSend(absl::StatusCode::kInternal,
                                 absl::StrCat("a reply of ", base::ToAbsl(method())), reply.size());
}

bool Call::may_send() const { return send_credit_.may_send() && connection_.writable(); }

// It may stop and end the call, where the pipe breaks, or without memory for the message: then
// there is no producer any more.
void Call::SendYielded(const internal::OutMessage& message) {
  if (absl::Status room = connection_.TakeForReply(message.size()); !room.ok()) {
    return Stop(std::move(room));
  }
  send_credit_.Spend(message.size());
  base::RunInMemory(
      [&] {
        connection_.SendMessage({.kind = wire::FrameKind::kMessage, .call_id = id_}, message);
      },
      [&] { StopWithoutMemory("a message", message.size()); });
}

// A message waits for credit before it is sent, not after: so a stream that has ended never waits.
bool Call::Put(const internal::OutMessage& message, std::coroutine_handle<> producer,
               internal::AtStop at_stop) {
  const bool resumes = at_stop == internal::AtStop::kResume;
  if (ended_) return resumes;
  if (stopped_.ok()) {
    if (!Fits(message)) {
      Stop(WhyNot(message));
    } else if (may_send()) {
      SendYielded(message);
    } else {
      yielded_ = message;
      connection_.WantWritable();
      producer_ = producer;
      at_stop_ = at_stop;
      return false;
    }
  }
  if (stopped_.ok()) return true;
  if (!resumes) Finish(stopped_);
  return resumes;
}

void Call::FinishWith(const internal::OutMessage& response) {
  absl::Status status =
      Fits(response) ? connection_.TakeForReply(response.size()) : WhyNot(response);
  EndWith(std::move(status), &response);
}

void Call::EndWith(absl::Status status, const internal::OutMessage* response) {
  if (ended_) return;
  ended_ = true;
  if (!stopped_.ok()) status = stopped_;
  producer_ = nullptr;
  LetGo();
  base::RunInMemory([&] { Respond(status, response); },
                    [&] { RespondWithoutMemory(status, response); });
  middleware_.After(connection_.core(), *this, status);
  if (named_at_end_) NameAtEnd();
  connection_.OnEnded(*this);
}

void Call::RespondWithoutMemory(absl::Status& status, const internal::OutMessage* response) {
  const std::size_t size = SizeOf(response);
  connection_.LogNoMemory(method(), "a reply", size);
  status = base::OutOfMemory("a reply", size);
  connection_.SendStatusOrClose(id_, status);
}

void Call::NameAtEnd() {
  base::RunSilently([&] { connection_.host().AddStopped(Describe()); });
}

void Call::Respond(absl::Status& status, const internal::OutMessage* response) {
  std::string trailers;
  if (has_trailers_.load(std::memory_order_acquire)) status.Update(EncodeTrailers(trailers));
  if (!status.ok()) LogIfCut(connection_.core(), *this, status);
  connection_.SendResponse(id_, status, trailers, response);
}

// Of a reply: with its trailers.
std::size_t Call::SizeOf(const internal::OutMessage* response) {
  std::size_t size = response == nullptr ? 0 : response->size();
  const std::lock_guard lock(mutex_);
  for (const auto& [key, value] : trailers_) size += key.size() + value.size();
  return size;
}

absl::Status Call::EncodeTrailers(std::string& trailers) {
  std::lock_guard lock(mutex_);
  return server::EncodeTrailers(connection_.core(), *this, trailers_,
                                connection_.peer_limits().max_metadata_bytes, trailers);
}

void Call::Stop(absl::Status reason) {
  if (ended_ || !stopped_.ok()) return;
  stopped_ = reason.ok() ? StoppedWithoutReason(method()) : std::move(reason);
  assembler_.Clear();
  ForgetMessages();
  RequestStop(stop_);
  RequestStop(drain_);
  if (ended_ || phase_ == Phase::kAdmitting) return;
  const bool in_yield = producer_ && at_stop_ == internal::AtStop::kDestroy;
  if (phase_ == Phase::kReceiving || in_yield) return Finish(stopped_);
  if (producer_) return std::exchange(producer_, nullptr).resume();
  WakeReader();
}

void Call::Cancel() {
  if (GivesUpForDeadline(connection_.loop().Now(), started_, deadline_)) return StopAtDeadline();
  Stop(absl::CancelledError("the caller cancelled the call"));
}

void Call::OnDrain() {
  if (!ended_) RequestStop(drain_);
}

void Call::StopForShutdown(const absl::Status& reason) {
  if (ended_ || !stopped_.ok()) return;
  named_at_end_ = true;
  Stop(reason);
}

void Call::EndUnlessBegun(const absl::Status& reason) {
  if (phase_ != Phase::kBegun) Finish(reason);
}

void Call::RequestStop(LateStop& stop) {
  std::unique_lock lock(mutex_);
  std::optional<std::stop_source> source = stop.Stop();
  lock.unlock();  // Callbacks of handlers run in here.
  if (source) source->request_stop();
}

std::optional<std::stop_source> Call::LateStop::Stop() {
  requested_ = true;
  return source_;
}

std::stop_token Call::LateStop::token() {
  if (!source_) {
    source_.emplace();
    if (requested_) source_->request_stop();
  }
  return source_->get_token();
}

void Call::Abort() {
  CutOff();
  handler_.Reset();
  Finish(stopped_);
}

void Call::OnTimer() {
  const base::TimePoint now = connection_.loop().Now();
  if (deadline_ <= now) return StopAtDeadline();
  if (message_due_ > now) return ArmDeadline();  // The message was in time.
  const std::uint64_t size = assembler_.expected();
  Stop(MessageTooSlow(size, TimeFor(size, connection_.core().options.message_timeout)));
}

void Call::StopAtDeadline() {
  const bool receiving = phase_ == Phase::kReceiving;
  const std::string_view doing = receiving ? "receiving the request of" : "handling";
  Stop(DeadlineExceeded(doing, method(), deadline_ - started_));
}

void Call::Throw(std::exception_ptr exception) {
  if (base::IsOutOfMemory(exception)) {
    connection_.LogNoMemory(method(), "its handler");
    return Finish(HandlerOutOfMemory(method()));
  }
  LogThrown(connection_.core(), *this, "handler threw", exception);
  Finish(FailedUnexpectedly("the handler threw an exception", method()));
}

std::string Call::Describe() const {
  const Peer& who = peer();
  const std::chrono::duration<double> age = connection_.loop().Now() - started_;
  return absl::StrCat(base::ToAbsl(method()), " (pid ", who.pid, ", ", who.user, ", for ",
                      absl::SixDigits(age.count()), " s)");
}

const Peer& Call::peer() const { return connection_.peer(); }

std::stop_token Call::stop_token() {
  std::lock_guard lock(mutex_);
  return stop_.token();
}

std::stop_token Call::drain_token() {
  std::lock_guard lock(mutex_);
  return drain_.token();
}

SessionState& Call::session() { return connection_.session(); }

void Call::AddTrailer(std::string_view key, std::string_view value) {
  std::lock_guard lock(mutex_);
  trailers_.emplace_back(key, value);
  has_trailers_.store(true, std::memory_order_release);
}

Executor& Call::executor() { return connection_.executor(); }

WorkerPool& Call::workers() { return connection_.workers(); }

}  // namespace piperpc::server
