#include "src/transport/endpoint_owner_linux.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "src/transport/socket_linux.h"

namespace piperpc::transport {
namespace {

std::string ErrorText(int error) { return std::generic_category().message(error); }

std::optional<struct stat> FileAt(const std::string& path) {
  struct stat file = {};
  if (::lstat(path.c_str(), &file) != 0) return std::nullopt;
  return file;
}

absl::Status NoDirectory(const std::string& path, int error) {
  const std::string text = absl::StrCat("directory ", path, ": ", ErrorText(error));
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(text);
  }
  return absl::FailedPreconditionError(text);
}

// Anyone could have made the directory before us, in a temp folder at least.
absl::Status CheckPrivate(const std::string& path) {
  const std::optional<struct stat> file = FileAt(path);
  if (!file.has_value()) return NoDirectory(path, errno);
  const mode_t mode = file->st_mode & 07777;
  if (S_ISDIR(file->st_mode) && file->st_uid == ::geteuid() && (mode & 077) == 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat(
      path, S_ISDIR(file->st_mode) ? "" : " is not a directory; it", " belongs to uid ",
      file->st_uid, " with mode 0", absl::Hex(mode >> 6 & 7), absl::Hex(mode >> 3 & 7),
      absl::Hex(mode & 7), "; a directory of uid ", ::geteuid(), " with mode 0700 is wanted"));
}

absl::Status MakePrivateDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return NoDirectory(path, errno);
  return CheckPrivate(path);
}

absl::Status Taken(const Endpoint& endpoint) {
  return absl::AlreadyExistsError(
      absl::StrCat("a live server is at ", endpoint.text(), " (", endpoint.address(), ")"));
}

absl::StatusOr<UniqueFd> Lock(const Endpoint& endpoint) {
  const std::string path = absl::StrCat(endpoint.address(), ".lock");
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return NoDirectory(path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  return Taken(endpoint);
}

// A server without a lock file can only be found by knocking.
bool IsLive(const std::string& address) {
  const absl::StatusOr<UniqueFd> probe = NewSocket(SOCK_NONBLOCK);
  if (!probe.ok()) return true;
  const sockaddr_un target = SocketAddress(address);
  return ::connect(probe->get(), reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0 ||
         (errno != ECONNREFUSED && errno != ENOENT);
}

absl::Status ClearAddress(const Endpoint& endpoint) {
  const std::optional<struct stat> file = FileAt(endpoint.address());
  if (!file.has_value()) return absl::OkStatus();
  if (!S_ISSOCK(file->st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat(endpoint.address(), " is not a socket; it was left as it is"));
  }
  if (IsLive(endpoint.address())) return Taken(endpoint);
  if (::unlink(endpoint.address().c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the dead socket ", endpoint.address(), ": ", ErrorText(errno)));
}

}  // namespace

absl::StatusOr<EndpointOwner> EndpointOwner::Take(const Endpoint& endpoint) {
  const std::string& address = endpoint.address();
  if (endpoint.is_short_name()) {
    absl::Status status = MakePrivateDirectory(address.substr(0, address.rfind('/')));
    if (!status.ok()) return status;
  }
  absl::StatusOr<UniqueFd> lock = Lock(endpoint);
  if (!lock.ok()) return lock.status();
  if (absl::Status status = ClearAddress(endpoint); !status.ok()) return status;
  return EndpointOwner(address, *std::move(lock));
}

void EndpointOwner::Bound() {
  const std::optional<struct stat> file = FileAt(address_);
  if (!file.has_value()) return;
  device_ = file->st_dev;
  inode_ = file->st_ino;
}

void EndpointOwner::Release() {
  if (!lock_) return;
  const std::optional<struct stat> file = FileAt(address_);
  if (file.has_value() && inode_ != 0 && file->st_dev == device_ && file->st_ino == inode_) {
    ::unlink(address_.c_str());
  }
  lock_.Reset();
}

}  // namespace piperpc::transport
