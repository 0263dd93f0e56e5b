// The lines of a session.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Splits a line into words, much like a shell: blanks separate words, '…' and "…" keep them
// together, a backslash takes the next character as it is. JSON needs no quotes: a word that begins
// with '{' goes to the brace that closes it. A word that begins with '#' begins a comment. A usage
// error when something is not closed.
OutcomeOr<std::vector<std::string>> SplitLine(std::string_view line);

}  // namespace piperpc::cli
