// Reading UTF-8 one character at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace services {

// The character of `text` at byte `at`, which is below its size, and moves `at` behind it. None,
// and `at` is not moved, when there is no valid character there (overlong, a surrogate, cut short).
std::optional<char32_t> NextCharacter(std::string_view text, std::size_t& at);

// Where the first byte is that is not part of valid UTF-8; none when all of `text` is valid.
std::optional<std::size_t> FindInvalidUtf8(std::string_view text);

}  // namespace services
