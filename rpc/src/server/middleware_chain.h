// The server's middleware around one call.
#pragma once

#include <cstdint>
#include <exception>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/server_context.h"

namespace piperpc::server {

struct ServerCore;

class MiddlewareChain {
 public:
  // Runs Before() of each, first to last. The first refusal, or OK. Once.
  absl::Status Before(const ServerCore& core, ServerContext& context);

  // Runs After() of those whose Before() gave OK, last to first. Once.
  void After(const ServerCore& core, ServerContext& context, const absl::Status& status) {
    if (entered_ > 0) Leave(core, context, status);
  }

 private:
  void Leave(const ServerCore& core, ServerContext& context, const absl::Status& status);

  std::uint32_t entered_ = 0;  // So many.
};

// Tells the log, and it alone, what the user's code threw in a call.
void LogThrown(const ServerCore& core, const ServerContext& context, std::string_view event,
               const std::exception_ptr& exception);

}  // namespace piperpc::server
