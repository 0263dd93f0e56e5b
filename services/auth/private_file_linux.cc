#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "services/auth/private_file.h"

namespace services {
namespace {

constexpr mode_t kOwnerOnlyFolder = 0700;
constexpr mode_t kOwnerOnlyFile = 0600;
constexpr mode_t kOthers = 0077;

absl::Status SystemError(const char* what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(what, " ", path));
}

absl::Status NotRegular(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(path, " is not a regular file"));
}

// The file itself, should it be a link that somebody else has put there.
absl::Status CheckRegularFile(const std::string& path) {
  struct stat found;
  if (lstat(path.c_str(), &found) != 0) return SystemError("cannot inspect", path);
  if (!S_ISREG(found.st_mode)) return NotRegular(path);
  const bool allowed = faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0;
  return allowed ? absl::OkStatus() : SystemError("cannot open", path);
}

// Where the folder may not be searched, nobody knows whether the file is there.
absl::Status MakeError(const std::string& path) {
  const int error = errno;
  struct stat found;
  const bool hidden = lstat(path.c_str(), &found) != 0 && errno == EACCES;
  errno = error;
  return SystemError(hidden ? "cannot open" : "cannot create", path);
}

// A file that is there is not opened: to close it would give up the locks that this process has on
// it.
absl::Status MakeFile(const std::string& path) {
  const int made = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnlyFile);
  if (made < 0) {
    return errno == EEXIST ? CheckRegularFile(path) : MakeError(path);
  }
  close(made);
  return absl::OkStatus();
}

absl::Status RestrictOpened(int file, const std::string& path) {
  struct stat found;
  if (fstat(file, &found) != 0) return SystemError("cannot inspect", path);
  if (!S_ISREG(found.st_mode)) return NotRegular(path);
  if (fchmod(file, kOwnerOnlyFile) != 0) return SystemError("cannot restrict access to", path);
  return absl::OkStatus();
}

}  // namespace

absl::Status MakePrivateFile(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty() && mkdir(folder.c_str(), kOwnerOnlyFolder) != 0 && errno != EEXIST) {
    return SystemError("cannot create the folder", folder);
  }
  return MakeFile(path);
}

absl::Status RestrictToOwner(const std::string& path) {
  struct stat found;
  if (lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? absl::OkStatus() : SystemError("cannot inspect", path);
  }
  if (S_ISREG(found.st_mode) && (found.st_mode & kOthers) == 0) return absl::OkStatus();
  // Never blocks, were it a FIFO; never follows a link.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return SystemError("cannot open", path);
  absl::Status status = RestrictOpened(file, path);
  close(file);
  return status;
}

}  // namespace services
