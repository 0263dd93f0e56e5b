// Endpoints for tests of servers on pipes of the system. In-process servers need none.
#pragma once

#include <random>
#include <string>

namespace piperpc::testing {

// A short name (piperpc/endpoint.h) that no other test uses, of this process or another, such as
// "test-2817-901". Any thread.
inline std::string UniqueEndpoint() {
  std::random_device random;
  return "test-" + std::to_string(random()) + "-" + std::to_string(random());
}

}  // namespace piperpc::testing
