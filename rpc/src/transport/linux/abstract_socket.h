// Sockets with a name that is no file: abstract ones, in unix(7).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "absl/status/statusor.h"
#include "piperpc/endpoint.h"
#include "src/transport/linux/unique_fd.h"
#include "src/transport/listener.h"

namespace piperpc::transport {

// What bind() and connect() are given, of a path or of an abstract name.
struct SocketName {
  sockaddr_un address;
  socklen_t size;
};
SocketName NameOf(const Endpoint& endpoint);

// A socket that listens at an abstract endpoint. ALREADY_EXISTS: somebody has the name.
absl::StatusOr<UniqueFd> ListenAbstract(const Endpoint& endpoint, const ListenOptions& options);

}  // namespace piperpc::transport
