#include "piperpc/internal/utf8.h"

namespace piperpc::internal {
namespace {

struct Lead {
  std::size_t length;     // Of the character; 0: no character begins so.
  std::uint32_t bits;     // What the first byte adds.
  std::uint32_t minimum;  // Smaller ones have a shorter form.
};

Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte < 0xc0) return {};
  if (byte < 0xe0) return {2, byte & 0x1fu, 0x80};
  if (byte < 0xf0) return {3, byte & 0x0fu, 0x800};
  if (byte < 0xf8) return {4, byte & 0x07u, 0x10000};
  return {};
}

}  // namespace

Character FirstCharacter(std::string_view text) {
  const Lead lead = LeadOf(static_cast<unsigned char>(text[0]));
  if (lead.length > text.size()) return {};
  std::uint32_t code = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {};
    code = code << 6 | (byte & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < lead.minimum || code > 0x10ffff || surrogate) return {};
  return {code, lead.length};
}

std::optional<std::size_t> FindInvalidUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = FirstCharacter(text.substr(at)).length;
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

}  // namespace piperpc::internal
