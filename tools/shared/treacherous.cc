#include "tools/shared/treacherous.h"

#include <algorithm>
#include <iterator>

namespace piperpc::tools {
namespace {

struct Range {
  std::uint32_t first, last;
};

constexpr Range kTreacherous[] = {
    {0x00, 0x1f},        // C0.
    {0x7f, 0x9f},        // DEL and C1.
    {0x61c, 0x61c},      // Arabic letter mark.
    {0x200b, 0x200b},    // Zero-width space.
    {0x200e, 0x200f},    // Left-to-right and right-to-left marks.
    {0x2028, 0x202e},    // Line and paragraph separators, embeddings and overrides.
    {0x2060, 0x206f},    // Invisible operators, isolates.
    {0xfeff, 0xfeff},    // Byte order mark.
    {0xfff9, 0xfffb},    // Interlinear annotations.
    {0xe0000, 0xe007f},  // Tags.
};

}  // namespace

bool IsTreacherous(std::uint32_t code) {
  return std::any_of(std::begin(kTreacherous), std::end(kTreacherous), [code](const Range& range) {
    return code >= range.first && code <= range.last;
  });
}

}  // namespace piperpc::tools
