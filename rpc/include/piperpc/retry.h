// Which calls a channel makes again when they fail, how often and how fast.
//
//     piperpc::RetryPolicy patient{.max_attempts = 5, .max_backoff = 2s};
//     auto channel = piperpc::Connect("demo", {.retry = {.policies = {{"", patient}}}});
//
// A call is made again only where that is safe: the server has not looked at it, or its method is
// idempotent, which the .proto says with protobuf's own option:
//
//     rpc Get(GetRequest) returns (GetResponse) {
//       option idempotency_level = NO_SIDE_EFFECTS;  // or IDEMPOTENT
//       option (piperpc.v1.retry) = {max_attempts: 4};
//     }
//
// docs/client-policy.md says all of it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace piperpc {

// For unary methods, and for server-streaming ones until the first reply has come. Methods that
// stream their requests have none.
//
// Before the attempt n + 1 the call waits for a random time from 0 to
// min(initial_backoff * 2^(n - 1), max_backoff). All attempts share the call's deadline, its
// cancel, and one run of the middleware.
struct RetryPolicy {
  int max_attempts = 3;  // With the first one: 1 to 100. 1: the call is not retried.
  std::chrono::milliseconds initial_backoff{50};  // 1 ms or more.
  std::chrono::milliseconds max_backoff{1000};    // initial_backoff or more.

  // What a call must end with to be retried; not empty, and without OK.
  std::vector<absl::StatusCode> codes{absl::StatusCode::kUnavailable};

  // The method may run more than once, whatever its .proto says. For a RawClient, which knows no
  // .proto, and for methods of others.
  bool idempotent = false;
};

// The policies of a channel, and the budget that all of them share.
struct RetryOptions {
  // By "package.Service/Method", by "package.Service", or "" for all others. The first of these
  // counts: that of the method, of the service, of the .proto (piperpc/v1/annotations.proto), and
  // that of all others. Without any of them, a call is not retried.
  std::map<std::string, RetryPolicy, std::less<>> policies{};

  bool proto_policies = true;  // False: those in .proto files do not count.

  // The budget, which keeps retries from adding to an overload. It begins with `max_tokens`. Each
  // attempt that fails with a code of its policy takes one, and each call with a policy that
  // succeeds returns `token_ratio` of one. No call is retried while half of them or less are left.
  int max_tokens = 100;      // 3 to 1,000,000.
  double token_ratio = 0.1;  // 0.001 to 1, rounded to thousandths.
};

}  // namespace piperpc
