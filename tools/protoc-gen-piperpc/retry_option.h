// What the options of a method say of retries.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"

namespace piperpc::codegen {

// A policy with all its defaults.
struct RetryOption {
  std::uint32_t max_attempts;
  std::uint32_t initial_backoff_ms;
  std::uint32_t max_backoff_ms;
  std::uint32_t codes;  // Bit n: the status code n.
};

// The method may run more than once.
bool IsIdempotent(const google::protobuf::MethodDescriptor& method);

// The policy (piperpc.v1.retry), if there is one. INVALID_ARGUMENT names the method, what of the
// policy is not valid, and what would be.
absl::StatusOr<std::optional<RetryOption>> RetryOptionOf(
    const google::protobuf::MethodDescriptor& method);

}  // namespace piperpc::codegen
