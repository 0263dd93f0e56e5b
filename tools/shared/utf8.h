// UTF-8, character by character, and which characters a terminal may be shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace piperpc::tools {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  // In bytes; 0: the text does not begin with a valid character.
};

// The character that `text`, which is not empty, begins with. Overlong forms and halves of
// surrogate pairs are not valid.
Character FirstCharacter(std::string_view text);

// Where the first byte is that belongs to no valid character; none: all of `text` is UTF-8.
std::optional<std::size_t> FindInvalidUtf8(std::string_view text);

// True for what may steer a terminal, or make text look like what it is not: controls (C0, DEL,
// C1), line separators, and the marks that turn or hide text.
bool IsTreacherous(std::uint32_t code);

}  // namespace piperpc::tools
