// The right to serve an endpoint: of all processes that ask for it at once, one gets it.
//
// Beside the socket lies a lock file, "<address>.lock", which the owner holds as long as it lives
// (lock_file.h), and in which it notes which socket file is its own. With the lock in hand,
// that socket is a dead server's, and is removed, even if it still takes connections: the kernel
// keeps it for some milliseconds when io_uring was at work on it, and a child of the dead server
// for as long as it lives. Of another program's socket, which has no lock, it is found out whether
// it takes any.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "piperpc/endpoint.h"
#include "src/transport/linux/lock_file.h"

namespace piperpc::transport {

class EndpointOwner {
 public:
  // Makes and checks the private folder of a short name, takes the lock, clears the address.
  // ALREADY_EXISTS: a live server is there, or a file that is not a socket. PERMISSION_DENIED: the
  // folder is not ours alone, or not for us. FAILED_PRECONDITION: there is no folder.
  static absl::StatusOr<EndpointOwner> Take(const Endpoint& endpoint);

  EndpointOwner(EndpointOwner&& other) = default;
  EndpointOwner& operator=(EndpointOwner&&) = delete;
  ~EndpointOwner() { Release(); }

  const Endpoint& endpoint() const { return endpoint_; }
  const std::string& lock_path() const { return lock_path_; }

  // Remembers which file bind() has made; Release() removes that one and no other. Before
  // listen(): what takes connections must be known to the next owner.
  void Bound();

  // Whether the files are still those that were made: anybody who may write the folder can remove
  // or replace them, and tidy programs do.
  bool SocketInPlace() const;
  bool LockInPlace() const { return lock_->InPlace(); }

  // Makes up for what was removed: takes the lock of a new file when the old one is gone, and
  // clears the address when the socket is. It is to be bound anew then. Errors as of Take().
  absl::Status Restore();

  // Removes the socket, if it is in place.
  void RemoveSocket();

  // Removes the socket, then gives the lock back. Nothing when it was done before, or in a child of
  // the process that has taken it.
  void Release();

 private:
  EndpointOwner(const Endpoint& endpoint, std::string lock_path);
  absl::Status Lock();

  Endpoint endpoint_;
  std::string lock_path_;
  pid_t process_;
  std::unique_ptr<LockFile> lock_;
  std::optional<FileId> socket_;  // Empty: not bound.
};

}  // namespace piperpc::transport
