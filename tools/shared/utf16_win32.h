// Converts the system's text to UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::tools {

// Text that is not valid UTF-16 becomes U+FFFD. Windows.
std::string Utf8Of(std::wstring_view text);

}  // namespace piperpc::tools
