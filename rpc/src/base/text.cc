#include "src/base/text.h"

#include "absl/strings/str_cat.h"

namespace piperpc::base {
namespace {

constexpr unsigned char kDelete = 0x7F;

// U+0080 to U+009F are control characters, too; in UTF-8 they begin with this byte.
constexpr unsigned char kFirstOfC1 = 0xC2;

bool IsControl(unsigned char byte, unsigned char next) {
  const bool c1 = byte == kFirstOfC1 && next >= 0x80 && next < 0xA0;
  return byte < ' ' || byte == kDelete || c1;
}

}  // namespace

std::string Visible(std::string_view text, std::size_t most) {
  std::string visible;
  for (std::size_t i = 0; i < text.size() && i < most; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (IsControl(byte, next)) {
      absl::StrAppend(&visible, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else {
      visible += text[i];
    }
  }
  if (text.size() > most) absl::StrAppend(&visible, "... (", text.size(), " bytes)");
  return visible;
}

}  // namespace piperpc::base
