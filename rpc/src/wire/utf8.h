// What protobuf's `string` fields may hold. Parsers of other languages refuse a whole message for
// one byte that is not UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace piperpc::wire {

// As much of `text` as fits into `limit` bytes, never half a character. Every byte that is not part
// of valid UTF-8 becomes '?'.
std::string Utf8Prefix(std::string_view text, std::size_t limit);

// No byte of `text` would become one.
inline bool IsUtf8(std::string_view text) { return Utf8Prefix(text, text.size()) == text; }

}  // namespace piperpc::wire
