#include "src/server/middleware_chain.h"

#include <string>

#include "piperpc/internal/exceptions.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/server/connection_host.h"
#include "src/server/errors.h"

namespace piperpc::server {
namespace {

constexpr char kThrew[] = "middleware threw";

}  // namespace

absl::Status MiddlewareChain::Before(const ServerCore& core, ServerContext& context) {
  for (const auto& middleware : core.options.middleware) {
    absl::Status status;
    base::RunGuarded([&] { status = middleware->Before(context); },
                     [&](const std::exception_ptr& thrown) {
                       LogThrown(core, context, kThrew, thrown);
                       status = base::IsOutOfMemory(thrown)
                                    ? base::OutOfMemory("a middleware")
                                    : FailedUnexpectedly("a middleware threw an exception",
                                                         context.method());
                     });
    if (!status.ok()) return status;
    ++entered_;
  }
  return absl::OkStatus();
}

void MiddlewareChain::Leave(const ServerCore& core, ServerContext& context,
                            const absl::Status& status) {
  while (entered_ > 0) {
    ServerMiddleware& middleware = *core.options.middleware[--entered_];
    base::RunGuarded(
        [&] { middleware.After(context, status); },
        [&](const std::exception_ptr& thrown) { LogThrown(core, context, kThrew, thrown); });
  }
}

void LogThrown(const ServerCore& core, const ServerContext& context, std::string_view event,
               const std::exception_ptr& exception) {
  core.Log(LogLevel::kError, event, [&] {
    return WithPeer(context.peer(), {{"method", std::string(context.method())},
                                     {"what", internal::DescribeException(exception)}});
  });
}

}  // namespace piperpc::server
