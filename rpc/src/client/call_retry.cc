// What a retry policy makes of the end of an attempt.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/memory.h"
#include "src/client/call.h"
#include "src/client/jitter.h"
#include "src/client/retry_rules.h"

namespace piperpc::client {

void Call::EndOrRetry(absl::Status status, Seen seen, std::string_view trailers) {
  if (ended()) return;
  if (rule_ != nullptr && Retries(*rule_, status.code())) {
    why_no_more_ = WhyNotRetry(seen);
    if (why_no_more_ == nullptr) return BackOff();
  }
  End(std::move(status), trailers);
}

void Call::EndAttempts(absl::Status& status) {
  if (phase_ == Phase::kBackingOff) core_.backing_off().Remove(*this);
  if (status.ok()) {
    core_.retry_budget().CountSuccess(core_.options().retry);
  } else if (attempt_ > 1 || why_no_more_ != nullptr) {
    status = WithAttempts(status);
  }
}

// Null: it may be retried, and next_attempt_ says when.
const char* Call::WhyNotRetry(Seen seen) {
  core_.retry_budget().CountFailure();
  if (core_.closed()) return "the channel is closed";
  if (seen == Seen::kMaybe && !idempotent_ && !rule_->idempotent) {
    return "the server may have run the call, and its method is not idempotent "
           "(idempotency_level in the .proto, or RetryPolicy::idempotent)";
  }
  if (!may_retry()) return "replies have come already";
  if (static_cast<std::uint32_t>(attempt_) >= rule_->max_attempts) return "no attempt is left";
  if (!core_.retry_budget().has_tokens(core_.options().retry)) {
    return "too many calls of this channel have failed (RetryOptions::max_tokens)";
  }
  const std::uint64_t seed =
      reinterpret_cast<std::uintptr_t>(this) ^
      static_cast<std::uint64_t>(base::Clock::now().time_since_epoch().count());
  next_attempt_ = core_.Now() + RandomUpTo(LongestBackoff(*rule_, attempt_), seed);
  if (next_attempt_ >= times_.deadline) return "the deadline comes before the next attempt";
  return nullptr;
}

void Call::BackOff() {
  assembler_.Clear();
  phase_ = Phase::kBackingOff;
  core_.backing_off().push_back(*this);
  OnBackOff();
}

// A stream without a timeout may take, and wait for a server, as long to begin as at first.
void Call::NextAttempt() {
  core_.backing_off().Remove(*this);
  ++attempt_;
  submits_ = 0;
  if (cells_ != nullptr) cells_->Retry();
  if (times_.deadline == base::kNever && times_.connect_deadline != base::kNever) {
    times_.connect_deadline = base::After(core_.options().default_timeout, core_.Now());
    times_.wait_until = std::min(base::After(times_.wait, core_.Now()), times_.connect_deadline);
  }
  ConnectAgain();
}

// Without memory for it, the status stays as it was.
absl::Status Call::WithAttempts(const absl::Status& status) const {
  return base::RunInMemory(
      [&] {
        AssertLocked();
        absl::Status with(
            status.code(),
            absl::StrCat(status.message(), " (attempt ", attempt_, " of ", rule_->max_attempts,
                         why_no_more_ == nullptr ? "" : "; not retried: ",
                         why_no_more_ == nullptr ? "" : why_no_more_, ")"));
        status.ForEachPayload([&with](absl::string_view url, const absl::Cord& detail) {
          with.SetPayload(url, detail);
        });
        return with;
      },
      [&] { return status; });
}

}  // namespace piperpc::client
