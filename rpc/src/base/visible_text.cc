#include "piperpc/internal/visible_text.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/utf8.h"

namespace piperpc::internal {
namespace {

struct Range {
  std::uint32_t first, last;
};

constexpr Range kTreacherous[] = {
    {0x00, 0x1f},        // C0.
    {0x7f, 0x9f},        // DEL and C1.
    {0xad, 0xad},        // Soft hyphen.
    {0x34f, 0x34f},      // Combining grapheme joiner.
    {0x61c, 0x61c},      // Arabic letter mark.
    {0x115f, 0x1160},    // Hangul fillers.
    {0x17b4, 0x17b5},    // Khmer inherent vowels.
    {0x180e, 0x180e},    // Mongolian vowel separator.
    {0x200b, 0x200b},    // Zero-width space. Its joiners belong to ordinary text.
    {0x200e, 0x200f},    // Left-to-right and right-to-left marks.
    {0x2028, 0x202e},    // Line and paragraph separators, embeddings and overrides.
    {0x2060, 0x206f},    // Invisible operators, isolates.
    {0x3164, 0x3164},    // Hangul filler.
    {0xfeff, 0xfeff},    // Byte order mark.
    {0xffa0, 0xffa0},    // Halfwidth Hangul filler.
    {0xfff9, 0xfffb},    // Interlinear annotations.
    {0x1d173, 0x1d17a},  // Invisible marks of music.
    {0xe0000, 0xe007f},  // Tags.
};

void AppendHex(std::string& out, std::uint32_t value, int digits) {
  static constexpr char kHex[] = "0123456789abcdef";
  while (digits-- > 0) out += kHex[value >> (4 * digits) & 15];
}

void AppendEscape(std::string& out, std::uint32_t code) {
  if (code == '\n') {
    out += "\\n";
  } else if (code == '\t') {
    out += "\\t";
  } else if (code == '\r') {
    out += "\\r";
  } else {
    const int digits = code < 0x80 ? 2 : code < 0x10000 ? 4 : 8;
    out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
    AppendHex(out, code, digits);
  }
}

// Of `text`, the characters that fit into `most` bytes, which are taken from it.
std::string Visible(std::string_view& text, std::size_t most, std::string_view kept) {
  std::string out;
  out.reserve(std::min(text.size(), most));
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    const std::size_t length = std::max<std::size_t>(character.length, 1);
    if (length > most) break;
    if (character.length == 0) {
      out += "\\x";
      AppendHex(out, static_cast<unsigned char>(text[0]), 2);
    } else if (IsTreacherous(character.code) && kept.find(text[0]) == kept.npos) {
      AppendEscape(out, character.code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
    most -= length;
  }
  return out;
}

}  // namespace

bool IsTreacherous(std::uint32_t code) {
  return std::any_of(std::begin(kTreacherous), std::end(kTreacherous), [code](const Range& range) {
    return code >= range.first && code <= range.last;
  });
}

std::string VisibleLine(std::string_view text) { return Visible(text, text.size(), ""); }

std::string VisibleLines(std::string_view text) { return Visible(text, text.size(), "\n\t"); }

std::string VisibleBeginning(std::string_view text, std::size_t most) {
  const std::size_t size = text.size();
  std::string visible = Visible(text, most, "");
  if (!text.empty()) absl::StrAppend(&visible, "... (", size, " bytes)");
  return visible;
}

}  // namespace piperpc::internal
