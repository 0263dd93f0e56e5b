#pragma once

#include <string>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// All of a file, whose name is UTF-8. An I/O error names it.
OutcomeOr<std::string> ReadFile(const std::string& path);

}  // namespace piperpc::cli
