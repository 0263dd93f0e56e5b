#include "src/wire/utf8.h"

#include <algorithm>

namespace piperpc::wire {
namespace {

bool InRange(char byte, unsigned low, unsigned high) {
  const auto value = static_cast<unsigned char>(byte);
  return low <= value && value <= high;
}

// The lead bytes [low, high] of the Unicode Standard's table 3-7, which begin a sequence of `size`
// bytes and allow [second_low, second_high] next. The bytes after those are always 80 to BF.
struct Lead {
  unsigned char low, high;
  unsigned char size;
  unsigned char second_low, second_high;
};
constexpr Lead kLeads[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

bool Continues(std::string_view text, const Lead& lead) {
  if (text.size() < lead.size) return false;
  if (lead.size > 1 && !InRange(text[1], lead.second_low, lead.second_high)) return false;
  for (std::size_t i = 2; i < lead.size; ++i) {
    if (!InRange(text[i], 0x80, 0xbf)) return false;
  }
  return true;
}

// The size of the character that `text` begins with; 0 when it does not begin with a valid one.
std::size_t CharacterSize(std::string_view text) {
  for (const Lead& lead : kLeads) {
    if (InRange(text[0], lead.low, lead.high)) return Continues(text, lead) ? lead.size : 0;
  }
  return 0;
}

std::size_t AsciiSize(std::string_view text) {
  const auto end =
      std::find_if(text.begin(), text.end(), [](char c) { return InRange(c, 0x80, 0xff); });
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

std::string Utf8Prefix(std::string_view text, std::size_t limit) {
  // Nearly all text is ASCII to its end.
  const std::size_t ascii = std::min(AsciiSize(text), limit);
  std::string result(text.substr(0, ascii));
  text.remove_prefix(ascii);
  while (!text.empty()) {
    const std::size_t size = CharacterSize(text);
    const std::string_view character = size == 0 ? "?" : text.substr(0, size);
    if (character.size() > limit - result.size()) break;
    result.append(character);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

}  // namespace piperpc::wire
