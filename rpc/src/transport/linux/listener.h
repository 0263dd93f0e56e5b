// Listens on a SOCK_SEQPACKET socket, for both loops. The backlog of the kernel is where clients
// wait while the process is out of descriptors.
//
// A socket whose file was removed takes nobody any more, and cannot get its file back. So the
// listener watches its files, and puts a new socket in the place of one that has lost its own.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <vector>

#include "piperpc/endpoint.h"
#include "src/transport/admission.h"
#include "src/transport/linux/accepting_socket.h"
#include "src/transport/linux/endpoint_owner.h"
#include "src/transport/linux/file_watch.h"
#include "src/transport/linux/socket_loop.h"
#include "src/transport/listener.h"

namespace piperpc::transport {

class SocketListener final : public Listener {
 public:
  static absl::StatusOr<std::unique_ptr<Listener>> Open(SocketLoop& loop, const Endpoint& endpoint,
                                                        const ListenOptions& options,
                                                        Delegate& delegate);
  ~SocketListener() override;

  void Close(absl::AnyInvocable<void()> closed) override;

 private:
  SocketListener(EndpointOwner owner, mode_t mode, SocketLoop& loop, const ListenOptions& options,
                 Delegate& delegate);

  absl::Status Bind();
  absl::Status BindAndListen(int fd);
  void Retire();
  void Watch();
  void Look();
  absl::Status Restore();
  void TellRestored(const absl::Status& status);

  void OnReleased(const AcceptingSocket& socket);
  void OnPartClosed();

  const ListenOptions options_;
  const mode_t mode_;
  Delegate& delegate_;
  EndpointOwner owner_;
  Admission admission_;
  const AcceptingSocket::Clients clients_;
  std::unique_ptr<AcceptingSocket> socket_;                // Null between one and the next.
  std::vector<std::unique_ptr<AcceptingSocket>> retired_;  // The loop still knows them.
  FileWatch watch_;
  Backoff restore_pause_;
  absl::Status told_;  // The last one that Restore() had, as far as it was told.
  bool closing_ = false;
  bool watching_ = true;
  absl::AnyInvocable<void()> closed_;
};

}  // namespace piperpc::transport
