// Text for the wide functions of Windows. PipeRPC's own text is UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace piperpc::base {

// Invalid UTF-8 becomes U+FFFD, as the system does it.
std::wstring ToWide(std::string_view utf8);
std::string ToUtf8(std::wstring_view wide);

}  // namespace piperpc::base
