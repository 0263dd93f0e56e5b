#pragma once

#include <string>
#include <string_view>

namespace piperpc::tools {

// `text` as a JSON string, with its quotes, on one line. A byte that is not part of valid UTF-8
// becomes U+FFFD.
std::string QuoteJson(std::string_view text);

}  // namespace piperpc::tools
