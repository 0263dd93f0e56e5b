// Safe JSON strings.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::tools {

// `text` as a JSON string with quotes. Characters that may steer a terminal (IsTreacherous()) are
// escaped. Each byte that is not valid UTF-8 becomes U+FFFD, so the result is always valid JSON.
std::string QuoteJson(std::string_view text);

// Escapes the same characters in valid JSON, where they can occur only in strings; newlines and
// tabs between the tokens are kept.
std::string EscapeJson(std::string json);

}  // namespace piperpc::tools
