#include <windows.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "src/base/wide_win32.h"
#include "src/metrics/replace_file.h"

namespace piperpc::metrics {
namespace {

absl::Status Failed(std::string_view what, const std::string& path, DWORD error) {
  const std::error_condition condition =
      std::system_category().default_error_condition(static_cast<int>(error));
  const bool known = condition.category() == std::generic_category();
  return absl::ErrnoToStatus(known ? condition.value() : EIO,
                             absl::StrCat(std::string(what), " ", path));
}

DWORD WriteAll(HANDLE file, std::string_view text) {
  DWORD written = 0;
  const bool done =
      ::WriteFile(file, text.data(), static_cast<DWORD>(text.size()), &written, nullptr);
  if (!done) return ::GetLastError();
  return written == text.size() ? ERROR_SUCCESS : ERROR_DISK_FULL;
}

DWORD WriteNew(const std::wstring& path, std::string_view text) {
  const HANDLE file = ::CreateFileW(path.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                                    FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return ::GetLastError();
  const DWORD error = WriteAll(file, text);
  ::CloseHandle(file);
  return error;
}

}  // namespace

// https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw
absl::Status ReplaceContent(const std::string& path, std::string_view text) {
  const std::string written = path + ".new";
  const std::wstring wide = base::ToWide(written);
  absl::Status status;
  if (const DWORD error = WriteNew(wide, text); error != ERROR_SUCCESS) {
    status = Failed("cannot write", written, error);
  } else if (!::MoveFileExW(wide.c_str(), base::ToWide(path).c_str(), MOVEFILE_REPLACE_EXISTING)) {
    status = Failed("cannot replace", path, ::GetLastError());
  }
  if (!status.ok()) ::DeleteFileW(wide.c_str());
  return status;
}

}  // namespace piperpc::metrics
