#include "src/wire/utf8.h"

#include <algorithm>

#include "piperpc/internal/utf8.h"

namespace piperpc::wire {
namespace {

std::size_t AsciiSize(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

std::string Utf8Prefix(std::string_view text, std::size_t limit) {
  // Nearly all text is ASCII to its end.
  const std::size_t ascii = std::min(AsciiSize(text), limit);
  std::string result(text.substr(0, ascii));
  text.remove_prefix(ascii);
  while (!text.empty()) {
    const std::size_t size = internal::FirstCharacter(text).length;
    const std::string_view character = size == 0 ? "?" : text.substr(0, size);
    if (character.size() > limit - result.size()) break;
    result.append(character);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

}  // namespace piperpc::wire
