#include "src/transport/linux/open_socket_transport.h"

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "piperpc/internal/mutex.h"
#include "src/transport/linux/access.h"
#include "src/transport/linux/open_socket_listener.h"
#include "src/transport/linux/peer.h"
#include "src/transport/linux/pipe.h"

namespace piperpc::transport {
namespace {

std::string TextOf(const std::vector<OpenSocket>& sockets) {
  return absl::StrJoin(sockets, ", ", [](std::string* text, const OpenSocket& socket) {
    absl::StrAppend(text, socket.ToString());
  });
}

class OpenSocketTransport final : public Transport,
                                  public std::enable_shared_from_this<OpenSocketTransport> {
 public:
  OpenSocketTransport(Transport& base, std::vector<OpenSocket> sockets)
      : base_(base), text_(TextOf(sockets)), sockets_(std::move(sockets)) {}

  std::string_view name() const override { return base_.name(); }
  base::TimePoint Now() const override { return base_.Now(); }
  ClientThreads& threads() override { return base_.threads(); }
  const Transport& loops() const override { return base_.loops(); }
  std::shared_ptr<Transport> Share() override { return shared_from_this(); }
  std::size_t Capacity() const override { return base_.Capacity(); }
  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override { return base_.NewLoop(); }

  // There is one place here, and whoever asks knows it.
  absl::StatusOr<Endpoint> ParseEndpoint(std::string_view) const override {
    return Endpoint::InProcess(text_);
  }

  absl::Status CheckAccess(const Endpoint& endpoint, const Access& access) override;

  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override;

  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override;

 private:
  std::vector<OpenSocket> TakeSockets() {
    const internal::MutexLock lock(mutex_);
    return std::exchange(sockets_, {});
  }

  Transport& base_;
  const std::string text_;
  internal::Mutex mutex_;
  std::vector<OpenSocket> sockets_ ABSL_GUARDED_BY(mutex_);  // Until they are used.
};

absl::Status OpenSocketTransport::CheckAccess(const Endpoint&, const Access& access) {
  return CheckAccessWithoutFile(text_, access,
                                "that of a socket that was handed over is for whoever has made it "
                                "to set (systemd: SocketMode=): use owner, group or users");
}

absl::StatusOr<std::unique_ptr<Listener>> OpenSocketTransport::Listen(
    EventLoop& loop, const Endpoint&, const ListenOptions& options, Listener::Delegate& delegate) {
  return OpenSocketListener::Open(static_cast<SocketLoop&>(loop), TakeSockets(), options, delegate);
}

absl::StatusOr<std::unique_ptr<Pipe>> OpenSocketTransport::Connect(const Endpoint&,
                                                                   const ConnectOptions&) {
  std::vector<OpenSocket> sockets = TakeSockets();
  if (sockets.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the connection over ", text_,
                     " has ended; it was handed over and cannot be made again: create a new "
                     "channel over a new socket"));
  }
  UniqueFd fd(sockets.front().Release());
  const absl::StatusOr<ucred> server = PeerCredentials(fd.get());
  if (!server.ok()) return server.status();
  return std::make_unique<SocketPipe>(std::move(fd), ToPeer(*server), ConnectionSlots::Slot());
}

}  // namespace

std::shared_ptr<Transport> NewOpenSocketTransport(Transport& base,
                                                  std::vector<OpenSocket> sockets) {
  return std::make_shared<OpenSocketTransport>(base, std::move(sockets));
}

}  // namespace piperpc::transport
