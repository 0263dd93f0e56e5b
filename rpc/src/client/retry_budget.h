// What keeps the retries of a channel from adding to an overload: a token bucket, as in gRPC's
// proposal A6.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "piperpc/retry.h"

namespace piperpc::client {

// Not thread-safe. The options are the same ones each time, and were checked.
class RetryBudget {
 public:
  explicit RetryBudget(const RetryOptions& options) : left_(Most(options)) {}

  void CountFailure() { left_ -= std::min(left_, kToken); }
  void CountSuccess(const RetryOptions& options) {
    left_ += std::min(static_cast<std::uint32_t>(std::lround(options.token_ratio * kToken)),
                      Most(options) - left_);
  }

  // Whether a call may be retried now.
  bool has_tokens(const RetryOptions& options) const { return left_ > Most(options) / 2; }

 private:
  static constexpr std::uint32_t kToken = 1000;
  static std::uint32_t Most(const RetryOptions& options) {
    return static_cast<std::uint32_t>(options.max_tokens) * kToken;
  }

  std::uint32_t left_;  // In thousandths.
};

}  // namespace piperpc::client
