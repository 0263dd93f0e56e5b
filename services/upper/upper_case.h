// Full Unicode case conversion.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace services {

// Converts `utf8` to upper case by the language-independent rules of Unicode; one character may
// become several ("ß" becomes "SS"). INVALID_ARGUMENT: not UTF-8; the text has the offset of the
// first invalid byte. RESOURCE_EXHAUSTED: more than 2 GiB - 1.
absl::StatusOr<std::string> UpperCase(std::string_view utf8);

}  // namespace services
