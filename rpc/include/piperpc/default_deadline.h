// A middleware that ends calls whose callers would wait for ever.
//
//     piperpc::Server server({.middleware = {piperpc::DefaultDeadline({.most = 30s})}});
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "piperpc/export.h"
#include "piperpc/middleware.h"

namespace piperpc {

// Times of 100 years or more, such as milliseconds::max(), mean no limit.
struct DefaultDeadlineOptions {
  // For calls without a deadline. Streams that are meant to stay open, such as subscriptions, count
  // too: `except` is for these.
  std::chrono::milliseconds missing = std::chrono::milliseconds::max();

  // For all calls, also those with a later deadline.
  std::chrono::milliseconds most = std::chrono::milliseconds::max();

  // Full names of methods ("package.Service/Method") that are left alone.
  std::vector<std::string> except{};
};

// Such a call ends with DEADLINE_EXCEEDED, and its handler is stopped, as ServerContext::Stop()
// says. The text names the limit and the option. A time below 1 ms counts as 1 ms. It does not
// change ServerContext::deadline().
PIPERPC_EXPORT std::shared_ptr<ServerMiddleware> DefaultDeadline(DefaultDeadlineOptions options);

}  // namespace piperpc
