// The ranges of ServerOptions.
#pragma once

#include "absl/status/status.h"
#include "piperpc/server.h"

namespace piperpc::server {

// INVALID_ARGUMENT names the first option that is out of its range, its value and the range.
absl::Status CheckOptions(const ServerOptions& options);

}  // namespace piperpc::server
