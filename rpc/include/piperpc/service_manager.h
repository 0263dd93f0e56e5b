// What a service manager such as systemd gives to the programs that it starts, and is told by them:
// sockets that are open already, and a place for news. Without libsystemd: both are a few variables
// of the environment and a datagram, which sd_listen_fds(3) and sd_notify(3) specify.
//
//     absl::StatusOr<piperpc::ServiceManager> manager = piperpc::ServiceManager::FromEnvironment();
//     if (!manager.ok()) return Fail(manager.status());
//     absl::Status status = manager->sockets().empty()
//                               ? server.Start("demo")
//                               : server.StartOn(manager->TakeSockets());
//     if (!status.ok()) return Fail(status);
//     manager->Notify("READY=1").IgnoreError();
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/export.h"
#include "piperpc/open_socket.h"

namespace piperpc {

// On a system without such a manager, and in a program that none has started, there are no sockets,
// nobody to notify, and no watchdog.
class PIPERPC_EXPORT ServiceManager {
 public:
  // Reads LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, NOTIFY_SOCKET, WATCHDOG_PID and WATCHDOG_USEC,
  // and removes them, so that no child takes them for its own. What is for another process does
  // not count. Changes the environment: call it before there are other threads.
  //   INVALID_ARGUMENT: a variable is not valid, or a descriptor is not a socket that this library
  //     can use (OpenSocket::Take()). The text names it. The descriptors stay open.
  static absl::StatusOr<ServiceManager> FromEnvironment();

  // What was handed over and has not been taken yet, in the manager's order; OpenSocket::name() is
  // what the socket unit calls it (FileDescriptorName=).
  const std::vector<OpenSocket>& sockets() const { return sockets_; }
  std::vector<OpenSocket> TakeSockets();

  // Whether anybody listens to Notify().
  bool has_listener() const { return !notify_address_.empty(); }

  // Sends lines such as "READY=1\nSTATUS=serves". OK, and nothing, where nobody listens. Waits 1 s
  // at the most. Any thread.
  //   DEADLINE_EXCEEDED: the manager has not read it.
  //   UNIMPLEMENTED: NOTIFY_SOCKET is neither a path nor an abstract socket.
  //   Others: what the system says.
  absl::Status Notify(std::string_view lines) const;

  // Within which time, again and again, the manager wants to be told "WATCHDOG=1". None: it does
  // not. Tell it twice as often.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  ServiceManager() = default;

  std::vector<OpenSocket> sockets_;
  std::string notify_address_;  // Empty: there is none.
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace piperpc
