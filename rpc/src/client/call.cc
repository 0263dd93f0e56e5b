#include "src/client/call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/exceptions.h"
#include "src/base/text.h"
#include "src/client/core.h"
#include "src/client/session.h"
#include "src/wire/limits.h"
#include "src/wire/metadata.h"

namespace piperpc::client {

Call::Call(Core& core, const internal::ClientMethod& method, const CallOptions& options,
           Caller caller)
    : core_(core),
      method_(method.name),
      shape_(method.shape),
      caller_(caller),
      trailers_(options.trailers) {}

absl::Status Call::Prepare(const CallOptions& options) {
  const bool stream = shape_ != MethodShape::kUnary;
  const absl::StatusOr<CallTimes> times = TimesOf(core_.options(), options, stream);
  if (!times.ok()) return times.status();
  times_ = *times;
  const auto& middleware = core_.options().middleware;
  if (middleware.empty() && options.metadata.empty()) return absl::OkStatus();
  waited = true;  // For the middleware.
  Metadata metadata = options.metadata;
  ClientCallInfo info{method_, metadata};
  for (const auto& each : middleware) {
    absl::Status status;
    RunGuarded([&] { status = each->Before(info); },
               [&](const std::exception_ptr& thrown) {
                 core_.LogThrown("middleware threw", thrown);
                 status =
                     absl::InternalError("a middleware of the channel threw; its log says what");
               });
    if (!status.ok()) return status;
    ++admitted_;
  }
  absl::StatusOr<std::string> encoded = wire::EncodeMetadata(metadata, wire::kMaxMetadataBytes);
  if (!encoded.ok()) return encoded.status();
  metadata_ = *std::move(encoded);
  return absl::OkStatus();
}

void Call::Conclude() {
  const auto& middleware = core_.options().middleware;
  for (std::size_t i = 0; i < admitted_; ++i) {
    RunGuarded(
        [&] { middleware[i]->After(method_, status_); },
        [&](const std::exception_ptr& thrown) { core_.LogThrown("middleware threw", thrown); });
  }
}

void Call::End(absl::Status status, std::string_view trailers, wire::Bytes reply) {
  if (ended()) return;
  phase = Phase::kEnded;
  core_.deadlines().Cancel(*this);
  if (trailers_ != nullptr && !trailers.empty()) {
    absl::StatusOr<Metadata> decoded = wire::DecodeMetadata(trailers);
    if (decoded.ok()) {
      *trailers_ = *std::move(decoded);
    } else if (status.ok()) {
      status =
          absl::InternalError(absl::StrCat("the server's trailers: ", decoded.status().message()));
    }
  }
  status_ = std::move(status);
  OnEnded(status_.ok() ? reply : wire::Bytes());
}

// For a call that goes out as soon as it was made, the clock is not read again.
std::uint64_t Call::TimeLeft() const {
  if (times_.deadline == kNever) return 0;
  const Duration left = times_.deadline - (waited ? Clock::now() : times_.begun);
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(left).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1));
}

absl::Status Call::Expired() const {
  if (phase == Phase::kConnecting) {
    return core_.DeadlineExceeded(core_.connect_phase(), times_.begun);
  }
  if (!session->hello_received()) {
    return core_.DeadlineExceeded("waiting for the server's Hello", times_.begun);
  }
  if (phase == Phase::kSent) return core_.DeadlineExceeded("waiting for the reply", times_.begun);
  return core_.DeadlineExceeded(
      absl::StrCat("waiting for a free call slot, of which the server gives ", session->max_calls(),
                   " (max_calls)"),
      times_.begun);
}

// For a call without a deadline it is only the time to begin that can be over.
void Call::OnTimer() {
  const bool begun = phase == Phase::kSent && session->hello_received();
  if (begun && times_.deadline == kNever) return;
  core_.EndEarly(*this, Expired());
}

void StopLink::OnStop::operator()() const {
  Core& core = call.core();
  if (core.foreign()) return;
  const Core::Lock lock(core);
  core.EndEarly(call, absl::CancelledError("the caller cancelled the call"));
}

std::unique_ptr<StopLink> StopLink::Make(const std::stop_token& stop, Call& call) {
  return stop.stop_possible() ? std::make_unique<StopLink>(stop, call) : nullptr;
}

StopLink::StopLink(const std::stop_token& stop, Call& call) : callback_(stop, OnStop{call}) {}

}  // namespace piperpc::client
