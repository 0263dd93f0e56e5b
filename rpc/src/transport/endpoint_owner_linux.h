// The right to serve an endpoint: of all processes that ask for it at once, one gets it.
//
// Beside the socket lies a lock file, "<address>.lock", which the owner holds by flock(2) as long
// as it lives; the kernel gives it back after any kind of death. It is never removed: a lock on a
// file that somebody else has just replaced would be worth nothing. With the lock in hand, a socket
// file that nobody listens on is a dead server's, and is removed.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "piperpc/endpoint.h"
#include "src/transport/unique_fd_linux.h"

namespace piperpc::transport {

class EndpointOwner {
 public:
  // Makes and checks the private directory of a short name, takes the lock, clears the address.
  // ALREADY_EXISTS: a live server is there, or a file that is no socket. PERMISSION_DENIED: the
  // directory is not ours alone. FAILED_PRECONDITION: there is no directory.
  static absl::StatusOr<EndpointOwner> Take(const Endpoint& endpoint);

  EndpointOwner(EndpointOwner&& other) = default;
  EndpointOwner& operator=(EndpointOwner&&) = delete;
  ~EndpointOwner() { Release(); }

  // Remembers which file bind() has made; Release() removes that one and no other.
  void Bound();

  // Removes the socket, then gives the lock back. Nothing when it was done before.
  void Release();

 private:
  EndpointOwner(std::string address, UniqueFd lock)
      : address_(std::move(address)), lock_(std::move(lock)) {}

  std::string address_;
  UniqueFd lock_;
  dev_t device_ = 0;
  ino_t inode_ = 0;  // 0: not bound.
};

}  // namespace piperpc::transport
