#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "file.h"

namespace file_copy {
namespace {

// A link is not followed, and a FIFO does not make open() wait.
constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
constexpr mode_t kOwnerOnly = 0600;

absl::Status Error(const std::string& what, const std::filesystem::path& path) {
  if (errno == ELOOP) {  // Of O_NOFOLLOW.
    return absl::FailedPreconditionError(path.string() + " is not a regular file");
  }
  return absl::ErrnoToStatus(errno, "cannot " + what + " " + path.string());
}

absl::Status CheckRegular(int file, const std::filesystem::path& path) {
  struct stat found;
  if (fstat(file, &found) != 0) return Error("inspect", path);
  if (S_ISREG(found.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(path.string() + " is not a regular file");
}

// The lock goes with the descriptor.
absl::Status Lock(int file, const std::filesystem::path& path) {
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Error("lock", path);
    return absl::FailedPreconditionError(path.string() + " is in use: another copy is writing it");
  }
  // Whoever had the lock before may have moved the file away.
  struct stat opened, named;
  if (fstat(file, &opened) == 0 && lstat(path.c_str(), &named) == 0 &&
      opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
    return absl::OkStatus();
  }
  return absl::AbortedError(path.string() + " was moved by another copy; try again");
}

}  // namespace

absl::StatusOr<File> File::OpenToRead(const std::filesystem::path& path) {
  const int opened = open(path.c_str(), O_RDONLY | kFlags);
  if (opened < 0) return Error("open", path);
  File file(opened, path);
  absl::Status status = CheckRegular(opened, path);
  if (!status.ok()) return status;
  return file;
}

absl::StatusOr<File> File::OpenPart(const std::filesystem::path& path) {
  const int opened = open(path.c_str(), O_RDWR | O_CREAT | kFlags, kOwnerOnly);
  if (opened < 0) return Error("open", path);
  File file(opened, path);
  absl::Status status = CheckRegular(opened, path);
  if (status.ok()) status = Lock(opened, path);
  if (!status.ok()) return status;
  return file;
}

absl::StatusOr<std::uint64_t> File::Size() const {
  struct stat found;
  if (fstat(static_cast<int>(handle_), &found) != 0) return Error("inspect", path_);
  return static_cast<std::uint64_t>(found.st_size);
}

absl::StatusOr<std::size_t> File::Read(std::uint64_t offset, std::span<char> buffer) const {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = pread(static_cast<int>(handle_), buffer.data() + filled,
                              buffer.size() - filled, static_cast<off_t>(offset + filled));
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return Error("read", path_);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return filled;
}

absl::StatusOr<Extent> File::NextData(std::uint64_t offset, std::uint64_t size) const {
  const int file = static_cast<int>(handle_);
  const off_t begin = lseek(file, static_cast<off_t>(offset), SEEK_DATA);
  if (begin < 0) {
    if (errno == ENXIO) return Extent{size, size};  // No more data.
    return Error("find the data of", path_);
  }
  const off_t end = lseek(file, begin, SEEK_HOLE);
  if (end < 0) return Error("find the holes of", path_);
  return Extent{static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)};
}

absl::Status File::Write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(static_cast<int>(handle_), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno != EINTR) return Error("write", path_);
    if (written > 0) {
      offset += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  return absl::OkStatus();
}

absl::Status File::Resize(std::uint64_t size) {
  if (ftruncate(static_cast<int>(handle_), static_cast<off_t>(size)) == 0) return absl::OkStatus();
  return Error("resize", path_);
}

absl::Status File::MoveTo(const std::filesystem::path& path) {
  if (fsync(static_cast<int>(handle_)) != 0) return Error("flush", path_);
  if (rename(path_.c_str(), path.c_str()) != 0) return Error("rename to " + path.string(), path_);
  Close();  // And with it the lock, after the file has its name.
  return absl::OkStatus();
}

absl::Status File::Remove() {
  if (unlink(path_.c_str()) != 0) return Error("remove", path_);
  Close();
  return absl::OkStatus();
}

void File::Close() {
  if (handle_ != kNone) close(static_cast<int>(std::exchange(handle_, kNone)));
}

}  // namespace file_copy
