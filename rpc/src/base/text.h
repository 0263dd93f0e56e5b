// Texts: Debian's abseil has a string_view of its own, newer ones alias std's, and this joins the
// two; and what others have written is made fit to be shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace piperpc::base {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

// A text of a peer, for errors and logs: control characters, which could forge lines or steer a
// terminal, become "\xNN", and of a text above `most` bytes only the beginning is shown.
std::string Visible(std::string_view text, std::size_t most = 256);

}  // namespace piperpc::base
