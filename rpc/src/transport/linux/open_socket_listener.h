// A listener of sockets that are there already: there is no file to make, to watch or to remove.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "piperpc/open_socket.h"
#include "src/transport/admission.h"
#include "src/transport/linux/accepting_socket.h"
#include "src/transport/linux/socket_loop.h"
#include "src/transport/listener.h"

namespace piperpc::transport {

class OpenSocketListener final : public Listener {
 public:
  // Serves sockets that were handed over. At the end those that listen are left as they are:
  // whoever waits there is the next process's to serve. The peers of those that are connected are
  // the first clients. PERMISSION_DENIED: `options.access` does not admit one of these.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(SocketLoop& loop,
                                                        std::vector<OpenSocket> sockets,
                                                        const ListenOptions& options,
                                                        Delegate& delegate);

  // Serves a socket that listens and that nobody else has: at the end its clients are turned away.
  static std::unique_ptr<Listener> OpenOwn(SocketLoop& loop, UniqueFd fd,
                                           const ListenOptions& options, Delegate& delegate);

  ~OpenSocketListener() override;

  void Close(absl::AnyInvocable<void()> closed) override;

 private:
  enum class AtEnd { kLeave, kRefuse };

  OpenSocketListener(SocketLoop& loop, AtEnd at_end, const ListenOptions& options,
                     Delegate& delegate);

  absl::Status Add(OpenSocket socket);
  void AddListening(UniqueFd fd);
  void Start();
  void HandOutConnected();
  void OnReleased();

  SocketLoop& loop_;
  const AtEnd at_end_;
  const ListenOptions options_;
  Admission admission_;
  const AcceptingSocket::Clients clients_;
  std::vector<std::unique_ptr<AcceptingSocket>> listening_;
  std::vector<UniqueFd> connected_;  // Until they are handed out.
  std::size_t unreleased_ = 0;
  absl::AnyInvocable<void()> closed_;
};

}  // namespace piperpc::transport
