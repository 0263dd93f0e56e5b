#include "services/text/utf8.h"

#include <unicode/utf8.h>

namespace services {

std::optional<char32_t> NextCharacter(std::string_view text, std::size_t& at) {
  std::size_t next = at;
  UChar32 character = 0;
  U8_NEXT(text.data(), next, text.size(), character);
  if (character < 0) return std::nullopt;
  at = next;
  return static_cast<char32_t>(character);
}

std::optional<std::size_t> FindInvalidUtf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!NextCharacter(text, at)) return at;
  }
  return std::nullopt;
}

}  // namespace services
