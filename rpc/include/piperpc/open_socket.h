// A socket that is open already, such as one that a service manager or a parent process has handed
// over: what Server::StartOn() serves, and ConnectOver() makes calls on. Linux only.
//
//     // The parent. What it starts has the other end as descriptor 3, say.
//     int ends[2];
//     socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
//
//     // The child serves its parent, and ends with it.
//     absl::StatusOr<piperpc::OpenSocket> socket = piperpc::OpenSocket::Take(3);
//     if (!socket.ok()) return Fail(socket.status());
//     std::vector<piperpc::OpenSocket> sockets;
//     sockets.push_back(*std::move(socket));
//     absl::Status status = server.StartOn(std::move(sockets));
//     if (status.ok()) status = server.WaitForLastClient();
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "piperpc/export.h"

namespace piperpc {

// Owns the descriptor, and closes it at its end. It must not be used by two servers or channels at
// once, of this process or another one, unless it is listening: then each client comes to one of
// them. Not thread-safe; different objects are independent of each other.
class PIPERPC_EXPORT OpenSocket {
 public:
  enum class Kind {
    kListening,  // listen(2) was called: a server takes clients from it.
    kConnected,  // One of a socketpair(2), or the result of connect(2) or accept(2).
  };

  // Takes a Unix socket of type SOCK_SEQPACKET, and sets its flags: FD_CLOEXEC, and, as this
  // library needs it, O_NONBLOCK: on for one that is listening, off for one that is connected.
  // (Every process that has the socket shares O_NONBLOCK.) After an error the descriptor is the
  // caller's, as before. `name`: for logs and errors; may be empty.
  //   INVALID_ARGUMENT: it is not open, not such a socket, or neither listening nor connected. The
  //     text says what it is.
  //   UNIMPLEMENTED: this system has no such sockets (Windows).
  static absl::StatusOr<OpenSocket> Take(int descriptor, std::string_view name = {});

  OpenSocket(OpenSocket&& other) noexcept;
  OpenSocket& operator=(OpenSocket&& other) noexcept;
  ~OpenSocket();

  int descriptor() const { return descriptor_; }  // -1: moved from, or released.
  Kind kind() const { return kind_; }
  const std::string& name() const { return name_; }

  // Where it listens: the path of its file, or "@name" for an abstract one. Empty: it is connected.
  const std::string& address() const { return address_; }

  // For people: `descriptor 3 "demo" (/run/demo.sock)`.
  std::string ToString() const;

  // The descriptor, which is the caller's from now on.
  int Release();

 private:
  OpenSocket(int descriptor, Kind kind, std::string_view name, std::string address)
      : descriptor_(descriptor), kind_(kind), name_(name), address_(std::move(address)) {}

  int descriptor_;
  Kind kind_;
  std::string name_;
  std::string address_;
};

}  // namespace piperpc
