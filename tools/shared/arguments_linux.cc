#include <cstdlib>

#include "tools/shared/arguments.h"

namespace piperpc::tools {

std::vector<std::string> Arguments(int argc, char** argv) { return {argv + 1, argv + argc}; }

std::optional<std::string> EnvironmentVariable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it.
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace piperpc::tools
