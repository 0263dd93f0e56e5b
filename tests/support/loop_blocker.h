// Middleware that blocks an event loop.
#pragma once

#include <future>

#include "piperpc/middleware.h"

namespace piperpc::testing {

// Blocks the loop of its first call until the test lets it go on. There must be no second one.
class LoopBlocker final : public ServerMiddleware {
 public:
  absl::Status Before(ServerContext&) override {
    entered.set_value();
    go_on.get_future().wait();
    return absl::OkStatus();
  }
  void After(ServerContext&, const absl::Status&) override {}

  std::promise<void> entered;
  std::promise<void> go_on;
};

}  // namespace piperpc::testing
