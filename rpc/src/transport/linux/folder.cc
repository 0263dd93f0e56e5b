#include "src/transport/linux/folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "src/transport/linux/file_id.h"

namespace piperpc::transport {
namespace {

absl::Status CheckPrivate(const std::string& folder) {
  const std::optional<struct stat> file = FileAt(folder);
  if (!file.has_value()) return FolderError(folder, errno);
  const mode_t mode = file->st_mode & 07777;
  if (S_ISDIR(file->st_mode) && file->st_uid == ::geteuid() && (mode & 077) == 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat(
      folder, S_ISDIR(file->st_mode) ? "" : " is not a folder; it", " belongs to uid ",
      file->st_uid, " with mode 0", absl::Hex(mode >> 6 & 7), absl::Hex(mode >> 3 & 7),
      absl::Hex(mode & 7), "; it must be a folder of uid ", ::geteuid(), " with mode 0700"));
}

}  // namespace

std::string ErrnoText(int error) { return std::generic_category().message(error); }

std::string FolderOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

absl::Status FolderError(const std::string& folder, int error) {
  const std::string reason = ErrnoText(error);
  // The kernel's own file systems answer so for a folder that is there, and that this user may use.
  const bool denied = error == EACCES || error == EPERM;
  if ((error == ENOENT && ::access(folder.c_str(), F_OK) == 0) ||
      (denied && ::access(folder.c_str(), W_OK | X_OK) == 0)) {
    return absl::FailedPreconditionError(absl::StrCat("cannot create files in the folder ", folder,
                                                      ": ", reason, "; choose another endpoint"));
  }
  switch (error) {
    case ENOENT:
      return absl::FailedPreconditionError(absl::StrCat("the folder ", folder,
                                                        " does not exist: ", reason,
                                                        "; create it, or choose another endpoint"));
    case ENOTDIR:
      return absl::FailedPreconditionError(
          absl::StrCat(folder, ", or a part of that path, is not a folder: ", reason,
                       "; remove the file in its place, or choose another endpoint"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(absl::StrCat("cannot use the folder ", folder, ": ",
                                                      reason, "; uid ", ::geteuid(),
                                                      " must be allowed to write and search it"));
    case EROFS:
      return absl::PermissionDeniedError(absl::StrCat("cannot write to the folder ", folder, ": ",
                                                      reason, "; choose another endpoint"));
    default:
      return absl::FailedPreconditionError(
          absl::StrCat("cannot use the folder ", folder, ": ", reason));
  }
}

absl::Status MakePrivateFolder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return FolderError(FolderOf(folder), errno);
  }
  return CheckPrivate(folder);
}

}  // namespace piperpc::transport
