// Endpoints that no other test uses.
#pragma once

#include <filesystem>
#include <random>
#include <string>

namespace piperpc::testing {

// A part of a name that nobody else makes up.
inline std::string UniqueName() {
  std::random_device random;
  return "test-" + std::to_string(random()) + "-" + std::to_string(random());
}

// A short name.
inline std::string UniqueEndpoint() { return UniqueName(); }

// The address of a pipe called `name` that belongs to `folder`, a test's own; one file per platform
// behind it.
std::string AddressIn(const std::filesystem::path& folder, const std::string& name);

}  // namespace piperpc::testing
