// A file that is read and written by offset. What differs between systems is in file_linux.cc and
// file_win32.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace file_copy {

// From `begin` to just before `end`.
struct Extent {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Errors name the file and what the system said. One thread at a time.
class File {
 public:
  // Opens a file for reading. FAILED_PRECONDITION: it is not a regular file; links are not
  // followed.
  static absl::StatusOr<File> OpenToRead(const std::filesystem::path& path);

  // Opens a file for reading and writing, or creates it: on Linux for this user only, on Windows
  // for those whom its folder admits. FAILED_PRECONDITION: as above, or somebody has opened it
  // with this function and has not closed it yet.
  static absl::StatusOr<File> OpenPart(const std::filesystem::path& path);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();  // Closes it.

  const std::filesystem::path& path() const { return path_; }

  absl::StatusOr<std::uint64_t> Size() const;

  // Fills `buffer` from `offset` on. Returns less than its size only at the end of the file.
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const;

  // The first data at `offset` or behind it; both ends are `size`, that of the file, when there is
  // only a hole. A system that knows of no holes returns all from `offset` to `size`.
  absl::StatusOr<Extent> NextData(std::uint64_t offset, std::uint64_t size) const;

  // Writing behind the end leaves a hole.
  absl::Status Write(std::uint64_t offset, std::string_view bytes);
  absl::Status Resize(std::uint64_t size);

  // Closes the file and gives it another name, in place of what has that name. Its content is on
  // the disk before.
  absl::Status MoveTo(const std::filesystem::path& path);

  // Closes the file and removes it.
  absl::Status Remove();

 private:
  using Handle = std::intptr_t;  // A descriptor, or a HANDLE.
  static constexpr Handle kNone = -1;

  File(Handle handle, std::filesystem::path path);
  void Close();

  Handle handle_;
  std::filesystem::path path_;
};

}  // namespace file_copy
