// Text of the system, as text of ours.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::tools {

// In UTF-8. What is no valid UTF-16 becomes U+FFFD. Windows.
std::string Utf8Of(std::wstring_view text);

}  // namespace piperpc::tools
