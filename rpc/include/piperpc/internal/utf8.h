// UTF-8, one character at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "piperpc/export.h"

namespace piperpc::internal {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  // In bytes; 0: the text does not begin with a valid character.
};

// The character that `text`, which is not empty, begins with. Overlong forms and halves of
// surrogate pairs are not valid.
PIPERPC_EXPORT Character FirstCharacter(std::string_view text);

// The offset of the first byte that belongs to no valid character; none: all of `text` is UTF-8.
PIPERPC_EXPORT std::optional<std::size_t> FindInvalidUtf8(std::string_view text);

}  // namespace piperpc::internal
