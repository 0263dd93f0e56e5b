#include <windows.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include "file.h"

namespace file_copy {
namespace {

HANDLE ToHandle(std::intptr_t handle) { return reinterpret_cast<HANDLE>(handle); }

std::string Utf8(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

absl::Status Error(const std::string& what, const std::filesystem::path& path) {
  const std::error_code error(static_cast<int>(GetLastError()), std::system_category());
  if (error.value() == ERROR_SHARING_VIOLATION) {
    return absl::FailedPreconditionError(Utf8(path) + " is in use by another program");
  }
  const std::error_condition condition = error.default_error_condition();
  const int number = condition.category() == std::generic_category() ? condition.value() : EIO;
  return absl::Status(absl::ErrnoToStatusCode(number),
                      "cannot " + what + " " + Utf8(path) + ": " + error.message());
}

OVERLAPPED At(std::uint64_t offset) {
  OVERLAPPED place{};
  place.Offset = static_cast<DWORD>(offset);
  place.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return place;
}

DWORD AtMost(std::size_t size) {
  return static_cast<DWORD>(std::min<std::size_t>(size, std::numeric_limits<DWORD>::max()));
}

absl::Status CheckRegular(HANDLE file, const std::filesystem::path& path) {
  BY_HANDLE_FILE_INFORMATION found;
  constexpr DWORD kOthers = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;
  if (GetFileType(file) == FILE_TYPE_DISK && GetFileInformationByHandle(file, &found) &&
      (found.dwFileAttributes & kOthers) == 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(Utf8(path) + " is not a regular file");
}

}  // namespace

absl::StatusOr<File> File::OpenToRead(const std::filesystem::path& path) {
  const DWORD attributes = GetFileAttributesW(path.c_str());
  if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
    return absl::FailedPreconditionError(Utf8(path) + " is not a regular file");
  }
  const HANDLE opened = CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                    nullptr, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
  if (opened == INVALID_HANDLE_VALUE) return Error("open", path);
  File file(reinterpret_cast<Handle>(opened), path);
  absl::Status status = CheckRegular(opened, path);
  if (!status.ok()) return status;
  return file;
}

absl::StatusOr<File> File::OpenPart(const std::filesystem::path& path) {
  constexpr DWORD kNotShared = 0;
  const HANDLE opened =
      CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE, kNotShared, nullptr, OPEN_ALWAYS,
                  FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
  if (opened == INVALID_HANDLE_VALUE) return Error("open", path);
  File file(reinterpret_cast<Handle>(opened), path);
  absl::Status status = CheckRegular(opened, path);
  if (!status.ok()) return status;
  return file;
}

absl::StatusOr<std::uint64_t> File::Size() const {
  LARGE_INTEGER size;
  if (!GetFileSizeEx(ToHandle(handle_), &size)) return Error("inspect", path_);
  return static_cast<std::uint64_t>(size.QuadPart);
}

absl::StatusOr<std::size_t> File::Read(std::uint64_t offset, std::span<char> buffer) const {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    OVERLAPPED place = At(offset + filled);
    DWORD got = 0;
    if (!ReadFile(ToHandle(handle_), buffer.data() + filled, AtMost(buffer.size() - filled), &got,
                  &place) &&
        GetLastError() != ERROR_HANDLE_EOF) {
      return Error("read", path_);
    }
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

absl::StatusOr<Extent> File::NextData(std::uint64_t offset, std::uint64_t size) const {
  return Extent{offset, size};
}

absl::Status File::Write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    OVERLAPPED place = At(offset);
    DWORD written = 0;
    if (!WriteFile(ToHandle(handle_), bytes.data(), AtMost(bytes.size()), &written, &place)) {
      return Error("write", path_);
    }
    offset += written;
    bytes.remove_prefix(written);
  }
  return absl::OkStatus();
}

absl::Status File::Resize(std::uint64_t size) {
  LARGE_INTEGER end;
  end.QuadPart = static_cast<LONGLONG>(size);
  if (SetFilePointerEx(ToHandle(handle_), end, nullptr, FILE_BEGIN) &&
      SetEndOfFile(ToHandle(handle_))) {
    return absl::OkStatus();
  }
  return Error("resize", path_);
}

absl::Status File::MoveTo(const std::filesystem::path& path) {
  if (!FlushFileBuffers(ToHandle(handle_))) return Error("flush", path_);
  Close();  // What is not shared cannot be moved.
  if (MoveFileExW(path_.c_str(), path.c_str(), MOVEFILE_REPLACE_EXISTING)) return absl::OkStatus();
  return Error("rename to " + Utf8(path), path_);
}

absl::Status File::Remove() {
  Close();
  return DeleteFileW(path_.c_str()) ? absl::OkStatus() : Error("remove", path_);
}

void File::Close() {
  if (handle_ != kNone) CloseHandle(ToHandle(std::exchange(handle_, kNone)));
}

}  // namespace file_copy
