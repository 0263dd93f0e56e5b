// Text of others, made safe for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::tools {

// `text` with everything that may steer a terminal, or mislead who reads it, as an escape: controls
// and marks of direction as \n, \t, \x1b or \u202e, bytes that are no UTF-8 as \xff. All else stays
// as it is, a backslash too.
std::string VisibleLine(std::string_view text);

// The same for text of several lines: newlines and tabs stay.
std::string VisibleLines(std::string_view text);

}  // namespace piperpc::tools
