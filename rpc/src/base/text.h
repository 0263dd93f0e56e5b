// Debian's abseil has a string_view of its own, newer ones alias std's; this joins the two.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace piperpc::base {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace piperpc::base
