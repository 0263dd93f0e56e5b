#include "tools/shared/json_text.h"

#include <cstdint>

#include "piperpc/internal/utf8.h"
#include "piperpc/internal/visible_text.h"

namespace piperpc::tools {
namespace {

void AppendUnit(std::string& out, std::uint32_t unit) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

// JSON has escapes of UTF-16 only.
void AppendEscape(std::string& out, std::uint32_t code) {
  if (code < 0x10000) return AppendUnit(out, code);
  AppendUnit(out, 0xd800 + ((code - 0x10000) >> 10));
  AppendUnit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

// Takes one character off `text`, which is not empty. `plain`: characters that stay as they are.
void TakeCharacter(std::string_view& text, std::string& out, std::string_view plain) {
  const internal::Character character = internal::FirstCharacter(text);
  if (character.length == 0) {
    out += "\\ufffd";
  } else if (internal::IsTreacherous(character.code) && plain.find(text[0]) == plain.npos) {
    AppendEscape(out, character.code);
  } else {
    out += text.substr(0, character.length);
  }
  text.remove_prefix(character.length == 0 ? 1 : character.length);
}

bool IsPlain(char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; }

}  // namespace

std::string QuoteJson(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    if (text[0] == '"' || text[0] == '\\') out += '\\';
    TakeCharacter(text, out, "");
  }
  return out + '"';
}

std::string EscapeJson(std::string json) {
  std::size_t plain = 0;
  while (plain < json.size() && IsPlain(json[plain])) ++plain;
  if (plain == json.size()) return json;
  std::string out = json.substr(0, plain);
  for (std::string_view rest = std::string_view(json).substr(plain); !rest.empty();) {
    TakeCharacter(rest, out, "\n\t");
  }
  return out;
}

}  // namespace piperpc::tools
