// How a command is written, and whether its words fit.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Of a command of the program, or of a session.
struct Usage {
  std::string_view name;
  std::string_view arguments;  // As the help shows them.
  std::string_view summary;
  std::size_t least = 0;  // How many words come after the name.
  std::size_t most = 0;
};

inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

// "name ARGUMENTS".
std::string WrittenAs(const Usage& usage);

// The same, then the summary, which begins at column `width` or, below a longer one, on the next
// line. No newline at the end.
std::string HelpLine(std::string_view before, const Usage& usage, std::size_t width);

// A usage error when there are too few or too many words. It shows how the command is written.
Outcome CheckWords(const Usage& usage, std::span<const std::string> words);

}  // namespace piperpc::cli
