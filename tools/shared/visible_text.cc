#include "tools/shared/visible_text.h"

#include <cstdint>

#include "piperpc/internal/utf8.h"
#include "tools/shared/treacherous.h"

namespace piperpc::tools {
namespace {

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

std::string Visible(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const internal::Character character = internal::FirstCharacter(text);
    if (character.length == 0) {
      out += "\\x";
      AppendHex(out, static_cast<unsigned char>(text[0]), 2);
    } else if (IsTreacherous(character.code) && kept.find(text[0]) == kept.npos) {
      AppendEscape(out, character.code);
    } else {
      out += text.substr(0, character.length);
    }
    text.remove_prefix(character.length == 0 ? 1 : character.length);
  }
  return out;
}

}  // namespace

std::string VisibleLine(std::string_view text) { return Visible(text, ""); }

std::string VisibleLines(std::string_view text) { return Visible(text, "\n\t"); }

}  // namespace piperpc::tools
