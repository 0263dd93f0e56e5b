#include "src/server/call.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/server/call_connection.h"
#include "src/server/errors.h"
#include "src/wire/metadata.h"

namespace piperpc::server {
namespace {

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

}  // namespace

Call::Call(CallConnection& connection, std::uint64_t id, const Dispatcher::Entry& entry,
           std::string_view called, base::TimePoint started, base::Duration timeout)
    : connection_(connection),
      id_(id),
      own_method_(OwnMethod(*entry.method, called)),
      entry_{own_method_ == nullptr ? entry.method : &own_method_->row, entry.service,
             entry.counters},
      started_(started),
      deadline_(base::After(timeout, started_)),
      assembler_(connection.host().buffer_source()),
      receive_credit_(connection.core().options.stream_credit_bytes),
      send_credit_(connection.peer_limits().initial_credit) {
  connection_.host().CountCall();
  if (connection_.core().counts_calls) [[unlikely]]
    CountStart();
}

Call::~Call() {
  if (!ended_) {
    LetGo();
    if (counted()) CountEnd(absl::CancelledError());
  }
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

void Call::Stop(absl::Status reason) {
  if (ended_ || !stopped_.ok()) return;
  stopped_ = reason.ok() ? StoppedWithoutReason(method()) : std::move(reason);
  assembler_.Clear();
  ForgetMessages();
  RequestStop(&Call::stop_);
  RequestStop(&Call::drain_);
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
  if (!ended_) RequestStop(&Call::drain_);
}

void Call::StopForShutdown(const absl::Status& reason) {
  if (ended_ || !stopped_.ok()) return;
  named_at_end_ = true;
  Stop(reason);
}

void Call::EndUnlessBegun(const absl::Status& reason) {
  if (phase_ != Phase::kBegun) Finish(reason);
}

void Call::RequestStop(LateStop Call::*stop) {
  internal::MutexLock lock(mutex_);
  std::optional<std::stop_source> source = (this->*stop).Stop();
  lock.Unlock();  // Callbacks of handlers run in here.
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
  StopTooSlow();
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
  const internal::MutexLock lock(mutex_);
  return stop_.token();
}

std::stop_token Call::drain_token() {
  const internal::MutexLock lock(mutex_);
  return drain_.token();
}

SessionState& Call::session() { return connection_.session(); }

void Call::AddTrailer(std::string_view key, std::string_view value) {
  const internal::MutexLock lock(mutex_);
  trailers_.emplace_back(key, value);
  has_trailers_.store(true, std::memory_order_release);
}

Executor& Call::executor() { return connection_.executor(); }

WorkerPool& Call::workers() { return connection_.workers(); }

}  // namespace piperpc::server
