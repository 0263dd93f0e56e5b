// The usage of commands: for help, and to check their words.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// A command of the program, or of a session.
struct Usage {
  std::string_view name;
  std::string_view arguments;  // As the help shows them.
  std::string_view summary;
  std::size_t least = 0;  // The range of the number of words after the name.
  std::size_t most = 0;
};

inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

// "name ARGUMENTS".
std::string WrittenAs(const Usage& usage);

// `before`, "name ARGUMENTS", and the summary, which begins at column `width`, or on the next line
// when the rest is longer than that. Without a newline at the end.
std::string HelpLine(std::string_view before, const Usage& usage, std::size_t width);

// A usage error, which shows the usage, when there are too few or too many words.
Outcome CheckWords(const Usage& usage, std::span<const std::string> words);

}  // namespace piperpc::cli
