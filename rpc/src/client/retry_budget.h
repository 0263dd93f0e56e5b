// What keeps the retries of a channel from adding to an overload: a token bucket, as in gRPC's
// proposal A6.
#pragma once

#include <algorithm>

namespace piperpc::client {

// Not thread-safe.
class RetryBudget {
 public:
  RetryBudget(double max_tokens, double token_ratio)
      : max_(max_tokens), ratio_(token_ratio), tokens_(max_tokens) {}

  void CountFailure() { tokens_ = std::max(tokens_ - 1, 0.0); }
  void CountSuccess() { tokens_ = std::min(tokens_ + ratio_, max_); }

  // Whether a call may be retried now.
  bool has_tokens() const { return tokens_ > max_ / 2; }

 private:
  const double max_;
  const double ratio_;
  double tokens_;
};

}  // namespace piperpc::client
