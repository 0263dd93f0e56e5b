// The retry policies of a channel: which one a call has.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/retry.h"
#include "src/base/clock.h"

namespace piperpc::client {

// INVALID_ARGUMENT names what is out of its range, and the policy. max_tokens is CheckOptions()'s.
absl::Status CheckRetryOptions(const RetryOptions& options);

inline bool Retries(const internal::RetryRule& rule, absl::StatusCode code) {
  return (rule.codes >> static_cast<unsigned>(code) & 1) != 0;
}

// How long a call waits at most that has made so many attempts, 1 or more.
base::Duration LongestBackoff(const internal::RetryRule& rule, int attempts);

// Does not change, so any thread may ask it.
class RetryRules {
 public:
  // Of options that were checked.
  explicit RetryRules(const RetryOptions& options);

  // Null: the method has none. Else it is there as long as this, or for ever.
  const internal::RetryRule* Find(const internal::ClientMethod& method) const;

 private:
  const internal::RetryRule* OfName(std::string_view name) const;

  std::map<std::string, internal::RetryRule, std::less<>> rules_;
  const bool proto_policies_;
};

}  // namespace piperpc::client
