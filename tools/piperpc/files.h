#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace piperpc::cli {

// All of a file, whose name is UTF-8. An I/O error names it.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace piperpc::cli
