// What an endpoint is to this system; one file per platform behind it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::base {

// The address that a short name stands for. `name` was checked before.
std::string AddressOfShortName(std::string_view name);

// OK when `address` can be a pipe's address here; else INVALID_ARGUMENT with the rule it breaks.
absl::Status CheckAddress(std::string_view address);

}  // namespace piperpc::base
