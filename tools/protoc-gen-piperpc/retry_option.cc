#include "retry_option.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "piperpc/retry.h"
#include "piperpc/v1/annotations.pb.h"

namespace piperpc::codegen {
namespace {

using google::protobuf::MethodDescriptor;
using google::protobuf::MethodOptions;

template <typename... Parts>
absl::Status Invalid(const MethodDescriptor& method, const Parts&... parts) {
  return absl::InvalidArgumentError(
      absl::StrCat(method.full_name(), ": option (piperpc.v1.retry)", parts...));
}

std::uint32_t Milliseconds(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>(time.count());
}

absl::Status CheckRange(const MethodDescriptor& method, const RetryOption& rule) {
  if (rule.max_attempts < 2 || rule.max_attempts > 100) {
    return Invalid(method, ".max_attempts is ", rule.max_attempts, "; it must be from 2 to 100");
  }
  if (rule.initial_backoff_ms == 0) {
    return Invalid(method, ".initial_backoff_ms is 0; it must be 1 or more");
  }
  if (rule.max_backoff_ms < rule.initial_backoff_ms) {
    return Invalid(method, ".max_backoff_ms is ", rule.max_backoff_ms,
                   "; it must be initial_backoff_ms (", rule.initial_backoff_ms, ") or more");
  }
  return absl::OkStatus();
}

}  // namespace

bool IsIdempotent(const MethodDescriptor& method) {
  return method.options().idempotency_level() != MethodOptions::IDEMPOTENCY_UNKNOWN;
}

absl::StatusOr<std::optional<RetryOption>> RetryOptionOf(const MethodDescriptor& method) {
  if (!method.options().HasExtension(v1::retry)) return std::nullopt;
  if (method.client_streaming()) {
    return Invalid(method, " is set, but a method that streams its requests is not retried");
  }
  const v1::RetryPolicy& policy = method.options().GetExtension(v1::retry);
  const RetryPolicy usual;
  RetryOption rule{.max_attempts = static_cast<std::uint32_t>(usual.max_attempts),
                   .initial_backoff_ms = Milliseconds(usual.initial_backoff),
                   .max_backoff_ms = Milliseconds(usual.max_backoff),
                   .codes = 0};
  if (policy.has_max_attempts()) rule.max_attempts = policy.max_attempts();
  if (policy.has_initial_backoff_ms()) rule.initial_backoff_ms = policy.initial_backoff_ms();
  if (policy.has_max_backoff_ms()) rule.max_backoff_ms = policy.max_backoff_ms();
  for (const int code : policy.codes()) {
    if (code < v1::RetryPolicy::CANCELLED || code > v1::RetryPolicy::UNAUTHENTICATED) {
      return Invalid(method, ".codes has ", code, "; it must name status codes of errors");
    }
    rule.codes |= 1u << code;
  }
  if (policy.codes().empty()) {
    for (const absl::StatusCode code : usual.codes) rule.codes |= 1u << static_cast<int>(code);
  }
  if (absl::Status status = CheckRange(method, rule); !status.ok()) return status;
  return rule;
}

}  // namespace piperpc::codegen
