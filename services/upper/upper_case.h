// Full Unicode case conversion.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace services {

// `utf8` in capitals, by the rules of Unicode that depend on no language: one character may become
// several ("ß" becomes "SS"). INVALID_ARGUMENT tells the offset of the first byte that is not
// UTF-8; RESOURCE_EXHAUSTED: more than 2 GiB - 1.
absl::StatusOr<std::string> UpperCase(std::string_view utf8);

}  // namespace services
