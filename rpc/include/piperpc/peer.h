// Who is on the other side of a pipe.
#pragma once

#include <cstdint>
#include <string>

namespace piperpc {

// The kernel's word on a peer, captured once, when the connection was made. One type on every
// system: Linux fills uid and gid (SO_PEERCRED, unix(7)), Windows the SID of the client's token.
struct Peer {
  std::int64_t pid = -1;  // For logs only: a pid may be used again. -1: not known, as that of a
                          // process in another pid namespace of Linux, which is not visible here.
  std::string user;       // "uid:1000", or a SID, "S-1-5-21-…". Compare this one.
  std::string group;      // "gid:1000"; empty on Windows.

  bool operator==(const Peer&) const = default;
};

}  // namespace piperpc
