// Listens on a SOCK_SEQPACKET socket, for both loops. The backlog of the kernel is where clients
// wait while the process is out of descriptors.
#pragma once

#include <memory>

#include "piperpc/endpoint.h"
#include "src/transport/accept_pause.h"
#include "src/transport/admission.h"
#include "src/transport/endpoint_owner_linux.h"
#include "src/transport/listener.h"
#include "src/transport/socket_loop_linux.h"

namespace piperpc::transport {

class SocketListener final : public Listener, private SocketLoop::Source, private EventLoop::Timer {
 public:
  static absl::StatusOr<std::unique_ptr<Listener>> Open(SocketLoop& loop, const Endpoint& endpoint,
                                                        const ListenOptions& options,
                                                        Delegate& delegate);

  void Close(absl::AnyInvocable<void()> closed) override;

 private:
  SocketListener(UniqueFd fd, EndpointOwner owner, SocketLoop& loop, const ListenOptions& options,
                 Delegate& delegate);

  void OnReceived(std::ptrdiff_t, const char*) override {}  // Never started.
  void OnReadable(int wait_error) override;
  void OnWritable(int) override {}  // Never started.
  void OnReleased() override { closed_(); }
  void OnTimer() override { AcceptSome(); }

  void AcceptSome();
  bool AcceptOne();
  bool AcceptFailed(int error);
  void HandOut(UniqueFd fd);

  SocketLoop& loop_;
  const Access access_;
  EndpointOwner owner_;
  Admission admission_;
  AcceptPause pause_;
  int turns_of_one_ = 0;  // So many more.
  bool closing_ = false;
  absl::AnyInvocable<void()> closed_;
};

}  // namespace piperpc::transport
