#pragma once

#include <string>
#include <string_view>

namespace piperpc::tools {

// `text` as a JSON string, with its quotes. What may steer a terminal is escaped (IsTreacherous()).
// Bytes that are no UTF-8 become U+FFFD each, so that the result is always valid JSON.
std::string QuoteJson(std::string_view text);

// JSON as some library wrote it, with the same characters escaped. `json` has them in its strings
// only, but for newlines and tabs between them, which stay.
std::string EscapeJson(std::string json);

}  // namespace piperpc::tools
