#include "src/client/retry_rules.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "src/base/ranges.h"
#include "src/base/text.h"

namespace piperpc::client {
namespace {

using internal::RetryRule;

constexpr std::uint64_t kMostMilliseconds = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMostCode = 16;  // UNAUTHENTICATED.

// "retry.policies["t.v1.T/Get"].max_attempts".
std::string OptionOf(const std::string& name, std::string_view option) {
  return absl::StrCat("retry.policies[\"", name, "\"].", base::ToAbsl(option));
}

absl::Status CheckPolicy(const std::string& name, const RetryPolicy& policy) {
  const std::string attempts = OptionOf(name, "max_attempts");
  const std::string first = OptionOf(name, "initial_backoff (ms)");
  const std::string longest = OptionOf(name, "max_backoff (ms)");
  const std::string codes = OptionOf(name, "codes");
  const auto least = std::max<std::int64_t>(policy.initial_backoff.count(), 1);
  std::vector<base::Range> ranges = {
      {attempts, policy.max_attempts, 1, 100},
      {first, policy.initial_backoff.count(), 1, kMostMilliseconds},
      {longest, policy.max_backoff.count(), static_cast<std::uint64_t>(least), kMostMilliseconds}};
  for (const absl::StatusCode code : policy.codes) {
    ranges.push_back({codes, static_cast<int>(code), 1, kMostCode});
  }
  if (absl::Status status = base::CheckRanges("channel", ranges); !status.ok()) return status;
  if (!policy.codes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the channel option ", codes,
                   " is empty; name the codes to retry, or set max_attempts to 1 for no retries"));
}

RetryRule RuleOf(const RetryPolicy& policy) {
  RetryRule rule{.max_attempts = static_cast<std::uint32_t>(policy.max_attempts),
                 .initial_backoff_ms = static_cast<std::uint32_t>(policy.initial_backoff.count()),
                 .max_backoff_ms = static_cast<std::uint32_t>(policy.max_backoff.count()),
                 .codes = 0,
                 .idempotent = policy.idempotent};
  for (const absl::StatusCode code : policy.codes) rule.codes |= 1u << static_cast<unsigned>(code);
  return rule;
}

}  // namespace

absl::Status CheckRetryOptions(const RetryOptions& options) {
  if (!(options.token_ratio >= 0.001 && options.token_ratio <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("the channel option retry.token_ratio is ",
                                                   options.token_ratio,
                                                   "; it must be from 0.001 to 1"));
  }
  for (const auto& [name, policy] : options.policies) {
    if (absl::Status status = CheckPolicy(name, policy); !status.ok()) return status;
  }
  return absl::OkStatus();
}

base::Duration LongestBackoff(const RetryRule& rule, int attempts) {
  const int doublings = std::min(attempts - 1, 31);
  const std::uint64_t grown = std::uint64_t{rule.initial_backoff_ms} << doublings;
  return std::chrono::milliseconds(std::min<std::uint64_t>(grown, rule.max_backoff_ms));
}

RetryRules::RetryRules(const RetryOptions& options) : proto_policies_(options.proto_policies) {
  for (const auto& [name, policy] : options.policies) rules_.emplace(name, RuleOf(policy));
}

const RetryRule* RetryRules::OfName(std::string_view name) const {
  const auto found = rules_.find(name);
  return found == rules_.end() ? nullptr : &found->second;
}

const RetryRule* RetryRules::Find(const internal::ClientMethod& method) const {
  if (StreamsRequests(method.type)) return nullptr;
  const RetryRule* rule = OfName(method.name);
  if (rule == nullptr) rule = OfName(method.name.substr(0, method.name.rfind('/')));
  if (rule == nullptr && proto_policies_) rule = method.retry;
  if (rule == nullptr) rule = OfName("");
  return rule != nullptr && rule->max_attempts > 1 ? rule : nullptr;
}

}  // namespace piperpc::client
