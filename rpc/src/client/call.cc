#include "src/client/call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/client/errors.h"
#include "src/wire/limits.h"
#include "src/wire/metadata.h"

namespace piperpc::client {
namespace {

// 1 to kMaxMethodBytes, in one comparison.
bool NameFits(std::string_view name) { return name.size() - 1 < wire::kMaxMethodBytes; }

std::size_t SizeOf(const Metadata& metadata) {
  std::size_t size = 0;
  for (const auto& [key, value] : metadata) size += key.size() + value.size();
  return size;
}

}  // namespace

Call::Call(Core& core, const internal::ClientMethod& method, const CallOptions& options,
           Caller caller)
    : core_(core),
      method_(method.name),
      type_(method.type),
      caller_(caller),
      idempotent_(method.idempotent),
      rule_(caller.probes ? nullptr : core.RuleOf(method)),
      trailers_(options.trailers),
      attempts_(options.attempts),
      assembler_(core.buffers()) {
  if (trailers_ != nullptr) trailers_->clear();  // Those of an earlier call.
}

absl::Status Call::Prepare(const CallOptions& options, const internal::OutMessage* request) {
  return base::RunInMemory([&] { return TryPrepare(options, request); },
                           [&] { return base::OutOfMemory("metadata", SizeOf(options.metadata)); });
}

absl::Status Call::TryPrepare(const CallOptions& options, const internal::OutMessage* request) {
  const bool stream = type_ != MethodType::kUnary;
  const base::TimePoint now = core_.Now();
  const absl::StatusOr<CallTimes> times = TimesOf(core_.options(), options, stream, now);
  if (times.ok()) {
    times_ = *times;
  } else {
    times_.begun = now;
    times_.deadline = base::kNever;
  }
  absl::Status refusal;
  if (!core_.options().middleware.empty() && !is_probe()) refusal = AskMiddleware(options.metadata);
  refusal.Update(times.status());
  if (!refusal.ok()) return refusal;
  if (!NameFits(method_) && !is_probe()) return NoSuchName(method_.size());
  if (request != nullptr && request->may_be_too_deep() && core_.CheckSize(request->size()).ok() &&
      request->too_deep()) {
    return TooDeep(*request);
  }
  return EncodeMetadata(context_ != nullptr ? context_->metadata() : options.metadata);
}

absl::Status Call::TooDeep(const internal::OutMessage& request) const {
  return internal::TooDeepToSend(absl::StatusCode::kInvalidArgument,
                                 absl::StrCat("a request of ", base::ToAbsl(method_)),
                                 request.size());
}

absl::Status Call::AskMiddleware(const Metadata& metadata) {
  AssertOwned();
  MarkWaited();  // For the middleware.
  context_.reset(new ClientContext(method_, metadata, times_.deadline));
  for (const auto& middleware : core_.options().middleware) {
    absl::Status status;
    base::RunGuarded([&] { status = middleware->Before(*context_); },
                     [&](const std::exception_ptr& thrown) {
                       core_.LogThrown("middleware threw", thrown);
                       status = ThrownBy("a middleware of the channel", thrown);
                     });
    if (!status.ok()) return status;
    ++entered_;
  }
  return absl::OkStatus();
}

absl::Status Call::EncodeMetadata(const Metadata& metadata) {
  if (metadata.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> encoded = wire::EncodeMetadata(metadata, wire::kMaxMetadataBytes);
  if (!encoded.ok()) return encoded.status();
  metadata_ = *std::move(encoded);
  return absl::OkStatus();
}

void Call::GoesTo(const Peer& peer) {
  if (context_ != nullptr) context_->peer_ = peer;
}

void Call::NotifyMiddleware() {
  while (entered_ > 0) {
    ClientMiddleware& middleware = *core_.options().middleware[--entered_];
    base::RunGuarded(
        [&] {
          AssertOwned();
          middleware.After(*context_, status_);
        },
        [&](const std::exception_ptr& thrown) { core_.LogThrown("middleware threw", thrown); });
  }
}

void Call::FindCells() {
  if (is_probe() || ended()) return;
  base::RunInMemory(
      [this] {
        AssertLocked();
        cells_ = &core_.CellsOf(method_);
        cells_->Start();
      },
      [] {});  // It is not counted then.
}

void Call::ConnectAgain() {
  phase_ = Phase::kConnecting;
  MarkWaited();
  OnConnectAgain();
}

void Call::EndEarly(absl::Status status) {
  if (ended()) return;
  const bool connecting = phase_ == Phase::kConnecting;
  if (connection_ != nullptr) connection_->Abandon(*this);
  End(std::move(status));
  if (connecting) core_.WakeWaiting();
}

void Call::End(absl::Status status, std::string_view trailers, wire::Bytes reply) {
  if (ended()) return;
  if (rule_ != nullptr) [[unlikely]]
    EndAttempts(status);
  phase_ = Phase::kEnded;
  core_.deadlines().Cancel(*this);
  if (!trailers.empty()) status.Update(TakeTrailers(trailers));
  status_ = std::move(status);
  if (status_.ok()) {
    base::RunInMemory(
        [&] {
          AssertLocked();
          KeepReply(reply);
        },
        [&] {
          AssertLocked();
          status_ = base::OutOfMemory("a reply", reply.size());
        });
  }
  if (attempts_ != nullptr) *attempts_ = attempt_;
  if (context_ != nullptr) context_->attempts_ = attempt_;
  if (cells_ != nullptr) [[unlikely]]
    CountEnd(reply.size());
  OnEnded();
}

void Call::CountEnd(std::size_t reply_bytes) {
  if (status_.ok() && !StreamsReplies(type_)) CountReceived(reply_bytes);
  cells_->End(status_, core_.Now() - times_.begun);
}

absl::Status Call::TakeTrailers(std::string_view encoded) {
  if (trailers_ == nullptr && context_ == nullptr) return absl::OkStatus();
  return base::RunInMemory(
      [&] {
        AssertLocked();
        return DecodeTrailers(encoded);
      },
      [&] { return base::OutOfMemory("trailers", encoded.size()); });
}

absl::Status Call::DecodeTrailers(std::string_view encoded) {
  absl::StatusOr<Metadata> decoded = wire::DecodeMetadata(encoded);
  if (!decoded.ok()) {
    return absl::InternalError(absl::StrCat("cannot parse the trailers of the server's reply: ",
                                            decoded.status().message()));
  }
  if (context_ != nullptr) context_->trailers_ = *decoded;
  if (trailers_ != nullptr) *trailers_ = *std::move(decoded);
  return absl::OkStatus();
}

// For a call that goes out as soon as it was made, the clock is not read again.
std::uint64_t Call::TimeLeft() const {
  if (times_.deadline == base::kNever) return 0;
  const base::Duration left = times_.deadline - (waited_ ? core_.Now() : times_.begun);
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(left).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1));
}

absl::Status Call::Expired() const {
  if (phase_ == Phase::kBackingOff) {
    return core_.DeadlineExceeded("waiting to retry a call of the server at", times_.begun);
  }
  if (phase_ == Phase::kConnecting) {
    return core_.DeadlineExceeded(core_.connect_phase(), times_.begun);
  }
  if (!connection_->hello_received()) {
    return core_.DeadlineExceeded("waiting for the first answer of the server at", times_.begun,
                                  " (is it a PipeRPC server?)");
  }
  if (phase_ == Phase::kSent) {
    return core_.DeadlineExceeded(
        absl::StrCat(base::ToAbsl(sent_phase()), " ", base::ToAbsl(method_), " from the server at"),
        times_.begun);
  }
  return core_.DeadlineExceeded(
      absl::StrCat("waiting for one of the ", connection_->peer_limits().max_calls,
                   " call slots (max_calls_per_connection) of the server at"),
      times_.begun);
}

// For a call without a deadline it is only the time to begin that can be over.
void Call::OnTimer() {
  if (phase_ == Phase::kBackingOff) return NextAttempt();
  if (begun() && times_.deadline == base::kNever) return;
  EndEarly(Expired());
}

void Call::EndForCaller() {
  if (core_.foreign()) return;
  const Core::Lock lock(core_);
  if (ended()) return DropUnread();
  DropReplies();
  EndEarly(CancelledByCaller());
}

void StopLink::OnStop::operator()() const { call.EndForCaller(); }

std::unique_ptr<StopLink> StopLink::Make(const std::stop_token& stop, Call& call) {
  return stop.stop_possible() ? std::make_unique<StopLink>(stop, call) : nullptr;
}

StopLink::StopLink(const std::stop_token& stop, Call& call) : callback_(stop, OnStop{call}) {}

}  // namespace piperpc::client
