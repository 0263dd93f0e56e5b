#include "src/transport/linux/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "src/transport/linux/access.h"
#include "src/transport/linux/folder.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

constexpr Backoff RestorePause() {
  return {std::chrono::milliseconds(10), std::chrono::seconds(5)};
}

}  // namespace

ABSL_ATTRIBUTE_COLD absl::StatusOr<std::unique_ptr<Listener>> SocketListener::Open(
    SocketLoop& loop, const Endpoint& endpoint, const ListenOptions& options, Delegate& delegate) {
  const absl::StatusOr<mode_t> mode = SocketMode(options.access, endpoint);
  if (!mode.ok()) return mode.status();
  absl::StatusOr<EndpointOwner> owner = EndpointOwner::Take(endpoint);
  if (!owner.ok()) return owner.status();
  std::unique_ptr<SocketListener> listener(
      new SocketListener(*std::move(owner), *mode, loop, options, delegate));
  if (absl::Status status = listener->Bind(); !status.ok()) return status;
  listener->Watch();
  listener->socket_->Start();
  return listener;
}

SocketListener::SocketListener(EndpointOwner owner, mode_t mode, SocketLoop& loop,
                               const ListenOptions& options, Delegate& delegate)
    : options_(options),
      mode_(mode),
      delegate_(delegate),
      owner_(std::move(owner)),
      admission_(options.max_connections, delegate),
      clients_{loop, options_.access, admission_, delegate},
      watch_(loop, [this] { Look(); }),
      restore_pause_(RestorePause()) {}

SocketListener::~SocketListener() = default;

ABSL_ATTRIBUTE_COLD absl::Status SocketListener::Bind() {
  absl::StatusOr<UniqueFd> fd = NewSocket(SOCK_NONBLOCK);
  if (!fd.ok()) return fd.status();
  absl::Status status = SetSendBuffer(fd->get());
  if (status.ok()) status = BindAndListen(fd->get());
  if (!status.ok()) {
    owner_.RemoveSocket();
    return status;
  }
  socket_ = std::make_unique<AcceptingSocket>(*std::move(fd), clients_);
  return absl::OkStatus();
}

// The mode is set before anyone can connect: until listen() the kernel refuses.
ABSL_ATTRIBUTE_COLD absl::Status SocketListener::BindAndListen(int fd) {
  const std::string& path = owner_.endpoint().address();
  const sockaddr_un address = SocketAddress(path);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return SocketError(errno, absl::StrCat("cannot bind to ", path));
  }
  owner_.Bound();
  if (::chmod(path.c_str(), mode_) != 0) {
    return SocketError(errno, absl::StrCat("cannot chmod ", path));
  }
  if (::listen(fd, Backlog(options_.waiting_instances)) != 0) {
    return SocketError(errno, absl::StrCat("cannot listen at ", path));
  }
  return absl::OkStatus();
}

ABSL_ATTRIBUTE_COLD void SocketListener::Close(absl::AnyInvocable<void()> closed) {
  closing_ = true;
  closed_ = std::move(closed);
  if (socket_ != nullptr) {
    socket_->Refuse();
    socket_->AcceptLeft();
  }
  owner_.Release();
  Retire();
  watch_.Close([this] {
    watching_ = false;
    OnPartClosed();
  });
}

// Takes no more clients from the socket; the loop has to let go of it before it can go.
void SocketListener::Retire() {
  if (socket_ == nullptr) return;
  socket_->Refuse();
  AcceptingSocket& retired = *retired_.emplace_back(std::move(socket_));
  retired.Retire([this, &retired] { OnReleased(retired); });
}

void SocketListener::OnReleased(const AcceptingSocket& socket) {
  std::erase_if(retired_, [&](const auto& retired) { return retired.get() == &socket; });
  if (closing_) OnPartClosed();
}

void SocketListener::OnPartClosed() {
  if (watching_ || !retired_.empty()) return;
  auto closed = std::exchange(closed_, nullptr);
  closed();
}

ABSL_ATTRIBUTE_COLD void SocketListener::Watch() {
  const std::string& path = owner_.endpoint().address();
  watch_.Watch({path, owner_.lock_path()}, FolderOf(path));
}

ABSL_ATTRIBUTE_COLD void SocketListener::Look() {
  if (closing_ || (socket_ != nullptr && owner_.SocketInPlace() && owner_.LockInPlace())) return;
  const absl::Status status = Restore();
  if (closing_) return;
  if (status.ok()) {
    restore_pause_.Reset();
    Watch();
  } else {
    watch_.LookAfter(restore_pause_.Next());
  }
  TellRestored(status);
}

ABSL_ATTRIBUTE_COLD absl::Status SocketListener::Restore() {
  if (absl::Status status = owner_.Restore(); !status.ok()) return status;
  if (socket_ != nullptr && owner_.SocketInPlace()) return absl::OkStatus();
  if (socket_ != nullptr) socket_->AcceptLeft();
  if (closing_) return absl::OkStatus();
  Retire();
  if (absl::Status status = Bind(); !status.ok()) return status;
  socket_->Start();
  return absl::OkStatus();
}

// A failure that goes on is told once.
ABSL_ATTRIBUTE_COLD void SocketListener::TellRestored(const absl::Status& status) {
  if (!status.ok() && std::exchange(told_, status) == status) return;
  if (status.ok()) told_ = absl::OkStatus();
  delegate_.OnEndpointRemoved(status);
}

}  // namespace piperpc::transport
