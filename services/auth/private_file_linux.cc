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

absl::Status RestrictToOwner(int file, const std::string& path) {
  struct stat found;
  if (fstat(file, &found) != 0) return SystemError("cannot look at", path);
  if (!S_ISREG(found.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a regular file"));
  }
  if ((found.st_mode & kOthers) != 0 && fchmod(file, kOwnerOnlyFile) != 0) {
    return SystemError("cannot restrict access to", path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakePrivateFile(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!folder.empty() && mkdir(folder.c_str(), kOwnerOnlyFolder) != 0 && errno != EEXIST) {
    return SystemError("cannot make the folder", folder);
  }
  // Never blocks, were it a FIFO; never follows a link that somebody else has put there.
  const int file =
      open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kOwnerOnlyFile);
  if (file < 0) return SystemError("cannot open", path);
  absl::Status status = RestrictToOwner(file, path);
  close(file);
  return status;
}

}  // namespace services
