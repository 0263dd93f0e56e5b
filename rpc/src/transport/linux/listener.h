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
#include "src/transport/accept_pause.h"
#include "src/transport/admission.h"
#include "src/transport/linux/endpoint_owner.h"
#include "src/transport/linux/file_watch.h"
#include "src/transport/linux/socket_loop.h"
#include "src/transport/listener.h"

namespace piperpc::transport {

class SocketListener final : public Listener,
                             private EventLoop::Timer,
                             private EventLoop::Deferred {
 public:
  static absl::StatusOr<std::unique_ptr<Listener>> Open(SocketLoop& loop, const Endpoint& endpoint,
                                                        const ListenOptions& options,
                                                        Delegate& delegate);
  ~SocketListener() override;

  void Close(absl::AnyInvocable<void()> closed) override;

 private:
  class Socket;

  SocketListener(EndpointOwner owner, mode_t mode, SocketLoop& loop, const ListenOptions& options,
                 Delegate& delegate);

  absl::Status Bind();
  absl::Status BindAndListen(int fd);
  void Retire();
  void Watch();
  void Look();
  absl::Status Restore();
  void AcceptLeft();
  void TellRestored(const absl::Status& status);

  void OnReadable(int wait_error);
  void OnTimer() override { AcceptSome(); }
  void OnIterationEnd() override;
  void AcceptSome();
  bool AcceptOne();
  bool AcceptFailed(int error);
  void HandOut(UniqueFd fd);

  void OnReleased(const Socket& socket);
  void OnPartClosed();

  SocketLoop& loop_;
  const ListenOptions options_;
  const mode_t mode_;
  Delegate& delegate_;
  EndpointOwner owner_;
  Admission admission_;
  AcceptPause pause_;
  std::unique_ptr<Socket> socket_;                // Null between one and the next.
  std::vector<std::unique_ptr<Socket>> retired_;  // The loop still knows them.
  FileWatch watch_;
  Backoff restore_pause_;
  absl::Status told_;            // The last one that Restore() had, as far as it was told.
  int single_accepts_left_ = 0;  // So many more.
  base::TimePoint round_end_;    // Of the last one that may have left clients,
  base::Duration work_since_ = base::Duration::zero();  // and what its iteration did after it.
  bool closing_ = false;
  bool watching_ = true;
  absl::AnyInvocable<void()> closed_;
};

}  // namespace piperpc::transport
