// The second needs the first.
// clang-format off
#include <windows.h>
#include <shellapi.h>
// clang-format on

#include <string_view>

#include "tools/shared/arguments.h"
#include "tools/shared/utf16_win32.h"

namespace piperpc::tools {

// main()'s own are in the code page of the user, which lacks most characters; and the C library
// may have put file names in the place of a '*'.
std::vector<std::string> Arguments(int /*argc*/, char** /*argv*/) {
  std::vector<std::string> arguments;
  int count = 0;
  wchar_t** const words = CommandLineToArgvW(GetCommandLineW(), &count);
  for (int i = 1; i < count; ++i) arguments.push_back(Utf8Of(words[i]));
  LocalFree(words);
  return arguments;
}

std::optional<std::string> EnvironmentVariable(const char* name) {
  const std::string_view ascii = name;
  const std::wstring wide(ascii.begin(), ascii.end());
  std::wstring value(GetEnvironmentVariableW(wide.c_str(), nullptr, 0), L'\0');
  if (value.empty()) return std::nullopt;  // One that is set has its terminator at least.
  value.resize(
      GetEnvironmentVariableW(wide.c_str(), value.data(), static_cast<DWORD>(value.size())));
  return Utf8Of(value);
}

}  // namespace piperpc::tools
