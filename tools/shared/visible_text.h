// Makes text from elsewhere safe for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::tools {

// Replaces everything in `text` that may steer a terminal or mislead its reader by an escape:
// control characters and direction marks by \n, \t, \x1b or \u202e, bytes that are not UTF-8 by
// \xff. Nothing else changes, not even a backslash.
std::string VisibleLine(std::string_view text);

// The same for text of several lines: newlines and tabs stay.
std::string VisibleLines(std::string_view text);

}  // namespace piperpc::tools
