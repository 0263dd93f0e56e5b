// The kernel's word on who is on the other side of a socket.
#pragma once

#include <sys/socket.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/access.h"
#include "piperpc/endpoint.h"
#include "piperpc/peer.h"

namespace piperpc::transport {

absl::StatusOr<ucred> PeerCredentials(int fd);

// A pid of -1 when it is not known here.
Peer ToPeer(const ucred& credentials);

// The rule of Access for a client with these credentials. PERMISSION_DENIED names it.
absl::Status CheckClient(int fd, const ucred& credentials, const Access& access);

// A short name or an abstract socket is taken to be served by ourselves or by root: whoever else
// was first is not trusted. PERMISSION_DENIED names both users.
absl::Status CheckServer(const Endpoint& endpoint, uid_t server, uid_t self);

}  // namespace piperpc::transport
