// Who is at the other end of a connection.
#pragma once

#include <cstdint>
#include <string>

#include "piperpc/export.h"

namespace piperpc {

// The peer's process and user as the kernel reports them, once, when the connection is made: on
// Linux by SO_PEERCRED (unix(7)), on Windows from the client's token.
struct Peer {
  // For logs only, because the system reuses process ids. -1: not known, for example of a process
  // in another pid namespace of Linux.
  std::int64_t pid = -1;

  std::string user;   // "uid:1000", or on Windows a SID, "S-1-5-21-…". The identity to check.
  std::string group;  // "gid:1000"; empty on Windows.

  bool operator==(const Peer&) const = default;
};

// This process as its peers see it. Any thread.
PIPERPC_EXPORT Peer OwnPeer();

}  // namespace piperpc
