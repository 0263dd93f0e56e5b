#include "src/transport/linux/peer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "piperpc/peer.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

std::vector<gid_t> SupplementaryGroups(int fd) {
  std::vector<gid_t> groups(32);
  while (true) {
    socklen_t bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    const int result = ::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes);
    const int error = result == 0 ? 0 : errno;
    if (error != 0 && error != ERANGE) return {};
    groups.resize(bytes / sizeof(gid_t));
    if (error == 0) return groups;
  }
}

bool InGroup(int fd, const ucred& credentials, gid_t group) {
  if (credentials.gid == group) return true;
  const std::vector<gid_t> groups = SupplementaryGroups(fd);
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

absl::StatusOr<ucred> PeerCredentials(int fd) {
  ucred credentials = {};
  socklen_t length = sizeof(credentials);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    return SocketError(errno, "SO_PEERCRED");
  }
  return credentials;
}

// The kernel gives 0 for a process that this one cannot see, in a pid namespace beside or above.
Peer ToPeer(const ucred& credentials) {
  return {.pid = credentials.pid > 0 ? credentials.pid : -1,
          .user = absl::StrCat("uid:", credentials.uid),
          .group = absl::StrCat("gid:", credentials.gid)};
}

absl::Status CheckClient(int fd, const ucred& credentials, const Access& access) {
  const bool trusted = credentials.uid == ::geteuid() || credentials.uid == 0;
  switch (access.preset) {
    case Access::Preset::kOwner:
      if (trusted) return absl::OkStatus();
      return absl::PermissionDeniedError(
          absl::StrCat("uid ", credentials.uid, " is not the owner"));
    case Access::Preset::kGroup:
      if (trusted || InGroup(fd, credentials, ::getegid())) return absl::OkStatus();
      return absl::PermissionDeniedError(
          absl::StrCat("uid ", credentials.uid, " is not in group ", ::getegid()));
    case Access::Preset::kAuthenticatedUsers:
    case Access::Preset::kRaw:
      break;  // The mode of the socket has said it all.
  }
  return absl::OkStatus();
}

absl::Status CheckServer(const Endpoint& endpoint, uid_t server, uid_t self) {
  const bool anybodys = endpoint.is_short_name() || endpoint.is_abstract();
  if (!anybodys || server == self || server == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "the server at ", endpoint.ToString(), " is run by uid ", server,
      endpoint.is_abstract() ? "; at an abstract socket uid " : "; at a short name uid ", self,
      " trusts only servers of itself and of root"));
}

}  // namespace piperpc::transport

namespace piperpc {

Peer OwnPeer() {
  return transport::ToPeer({.pid = ::getpid(), .uid = ::geteuid(), .gid = ::getegid()});
}

}  // namespace piperpc
