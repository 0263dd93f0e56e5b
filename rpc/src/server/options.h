// The ranges of ServerOptions.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "piperpc/server.h"

namespace piperpc::server {

// INVALID_ARGUMENT names the first option that is out of its range, its value and the range.
absl::Status CheckOptions(const ServerOptions& options);

// parse_budget_per_connection and parse_budget_per_user, or what stands for 0 there.
std::size_t ConnectionShare(const ServerOptions& options);
std::size_t UserShare(const ServerOptions& options);

}  // namespace piperpc::server
