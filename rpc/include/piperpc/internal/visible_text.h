// Text of others, made safe to show: on a terminal, in a log, in an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "piperpc/export.h"

namespace piperpc::internal {

// True for a character that may steer a terminal, or make text look like what it is not: controls
// (C0, DEL, C1), line separators, and the marks that reverse or hide text.
PIPERPC_EXPORT bool IsTreacherous(std::uint32_t code);

// Replaces what is treacherous in `text` by an escape: characters by \n, \t, \x1b or \u202e, bytes
// that are not UTF-8 by \xff. Nothing else changes, not even a backslash.
PIPERPC_EXPORT std::string VisibleLine(std::string_view text);

// The same for text of several lines: newlines and tabs stay.
PIPERPC_EXPORT std::string VisibleLines(std::string_view text);

// The same as VisibleLine() for text of any length: of more than `most` bytes, the characters that
// fit into them, and "... (300 bytes)".
PIPERPC_EXPORT std::string VisibleBeginning(std::string_view text, std::size_t most = 256);

}  // namespace piperpc::internal
