#include "src/transport/win32/error.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/base/wide_win32.h"

namespace piperpc::transport {

std::string ErrorText(DWORD error) {
  std::array<wchar_t, 256> text;
  const DWORD size =
      ::FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, error,
                       0, text.data(), static_cast<DWORD>(text.size()), nullptr);
  std::string words = base::ToUtf8({text.data(), size});
  absl::StripAsciiWhitespace(&words);
  if (!words.empty() && words.back() == '.') words.pop_back();
  return absl::StrCat(words.empty() ? "error" : words, " (", error, ")");
}

absl::Status PipeError(DWORD error, std::string_view call) {
  const std::string text = absl::StrCat(base::ToAbsl(call), ": ", ErrorText(error));
  switch (error) {
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
    case ERROR_NETNAME_DELETED:
    case ERROR_UNEXP_NET_ERR:
      return absl::UnavailableError(absl::StrCat("the peer has closed the pipe (", text, ")"));
    case ERROR_OPERATION_ABORTED:
      return absl::UnavailableError(absl::StrCat("the pipe was cut (", text, ")"));
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_OUTOFMEMORY:
    case ERROR_PIPE_BUSY:
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_WORKING_SET_QUOTA:
      return absl::ResourceExhaustedError(text);
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
      return absl::PermissionDeniedError(text);
    default:
      return absl::InternalError(text);
  }
}

}  // namespace piperpc::transport
