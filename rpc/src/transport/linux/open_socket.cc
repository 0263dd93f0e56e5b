#include "piperpc/open_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/transport/linux/folder.h"

namespace piperpc {
namespace {

constexpr char kWanted[] =
    "it must be a Unix socket of type SOCK_SEQPACKET that is listening or connected";

// What is wrong with a descriptor, and what to do.
absl::Status NotThis(std::string_view what, std::string_view found, std::string_view advice) {
  return absl::InvalidArgumentError(absl::StrCat(base::ToAbsl(what), " ", base::ToAbsl(found), "; ",
                                                 kWanted, ": ", base::ToAbsl(advice)));
}

std::string_view FileType(mode_t mode) {
  if (S_ISREG(mode)) return "is a file";
  if (S_ISDIR(mode)) return "is a folder";
  if (S_ISFIFO(mode)) return "is a pipe or FIFO";
  if (S_ISCHR(mode)) return "is a device or terminal";
  return "is not a socket";
}

absl::Status CheckOpen(int descriptor, std::string_view what) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) {
    return NotThis(what, absl::StrCat("is not open (", transport::ErrnoText(errno), ")"),
                   "check which number it was handed over as, and that nothing has closed it");
  }
  if (S_ISSOCK(status.st_mode)) return absl::OkStatus();
  return NotThis(what, FileType(status.st_mode),
                 "check which number the socket was handed over as");
}

int OptionOf(int descriptor, int option) {
  int value = -1;
  socklen_t length = sizeof(value);
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

std::string TypeName(int type) {
  if (type == SOCK_STREAM) return "SOCK_STREAM";
  if (type == SOCK_DGRAM) return "SOCK_DGRAM";
  return absl::StrCat("number ", type);
}

std::string FamilyName(int family) {
  if (family == AF_INET) return "AF_INET";
  if (family == AF_INET6) return "AF_INET6";
  return absl::StrCat("number ", family);
}

absl::Status CheckType(int descriptor, std::string_view what) {
  if (const int family = OptionOf(descriptor, SO_DOMAIN); family != AF_UNIX) {
    return NotThis(what, absl::StrCat("is a socket of the family ", FamilyName(family)),
                   "make it with AF_UNIX; for systemd, give ListenSequentialPacket= a path");
  }
  if (const int type = OptionOf(descriptor, SO_TYPE); type != SOCK_SEQPACKET) {
    return NotThis(what, absl::StrCat("is a Unix socket of the type ", TypeName(type)),
                   "make it with SOCK_SEQPACKET; for systemd, write ListenSequentialPacket= "
                   "instead of ListenStream= or ListenDatagram=");
  }
  return absl::OkStatus();
}

// Whose name it is: that of the socket, or of its peer. None: there is no peer.
using NameOf = int (*)(int, sockaddr*, socklen_t*);
std::optional<std::string> AddressOf(int descriptor, NameOf name_of) {
  sockaddr_un address = {};
  socklen_t length = sizeof(address);
  if (name_of(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) return std::nullopt;
  constexpr socklen_t kBegin = offsetof(sockaddr_un, sun_path);
  if (length <= kBegin) return "";
  const std::string_view bytes(address.sun_path, length - kBegin);
  if (bytes.front() == '\0') return absl::StrCat("@", base::ToAbsl(bytes.substr(1)));
  return std::string(bytes.substr(0, bytes.find('\0')));
}

absl::StatusOr<OpenSocket::Kind> KindOf(int descriptor, std::string_view what) {
  if (OptionOf(descriptor, SO_ACCEPTCONN) == 1) return OpenSocket::Kind::kListening;
  if (AddressOf(descriptor, ::getpeername)) return OpenSocket::Kind::kConnected;
  return NotThis(what, "is neither listening nor connected",
                 "call listen() or connect() before it is handed over, or use socketpair()");
}

bool SetFlag(int descriptor, int get, int set, int flag, bool on) {
  const int flags = ::fcntl(descriptor, get);
  const int wanted = on ? flags | flag : flags & ~flag;
  return flags >= 0 && (flags == wanted || ::fcntl(descriptor, set, wanted) == 0);
}

absl::Status SetFlags(int descriptor, OpenSocket::Kind kind, std::string_view what) {
  const bool blocks = kind == OpenSocket::Kind::kConnected;
  if (SetFlag(descriptor, F_GETFL, F_SETFL, O_NONBLOCK, !blocks) &&
      SetFlag(descriptor, F_GETFD, F_SETFD, FD_CLOEXEC, true)) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat(base::ToAbsl(what), ": cannot set its flags: ", transport::ErrnoText(errno)));
}

}  // namespace

absl::StatusOr<OpenSocket> OpenSocket::Take(int descriptor, std::string_view name) {
  std::string what = absl::StrCat("descriptor ", descriptor);
  if (!name.empty()) absl::StrAppend(&what, " \"", base::ToAbsl(name), "\"");
  absl::Status status = CheckOpen(descriptor, what);
  if (status.ok()) status = CheckType(descriptor, what);
  if (!status.ok()) return status;
  const absl::StatusOr<Kind> kind = KindOf(descriptor, what);
  if (!kind.ok()) return kind.status();
  status = SetFlags(descriptor, *kind, what);
  if (!status.ok()) return status;
  std::string address;
  if (*kind == Kind::kListening) address = AddressOf(descriptor, ::getsockname).value_or("");
  return OpenSocket(descriptor, *kind, name, std::move(address));
}

OpenSocket::~OpenSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace piperpc
