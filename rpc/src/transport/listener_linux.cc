#include "src/transport/listener_linux.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "absl/strings/str_cat.h"
#include "src/transport/access_linux.h"
#include "src/transport/peer_linux.h"
#include "src/transport/pipe_linux.h"
#include "src/transport/socket_linux.h"

namespace piperpc::transport {
namespace {

constexpr int kAcceptsPerTurn = 64;  // The pipes that are there already have their turn, too.

// The kernel makes a whole socket before it finds that nobody is there. So after a look in vain, as
// many turns take one client each, and look for no second one.
constexpr int kTurnsOfOne = 16;

// The kernel takes no more than net.core.somaxconn (4096 by default).
int Backlog(std::size_t wanted) {
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(wanted == 0 ? kMost : std::min(wanted, kMost));
}

// The mode is set before anyone can connect: until listen() the kernel refuses.
absl::Status BindAndListen(int fd, EndpointOwner& owner, const Endpoint& endpoint, mode_t mode,
                           std::size_t backlog) {
  const std::string& path = endpoint.address();
  const sockaddr_un address = SocketAddress(path);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return SocketError(errno, absl::StrCat("bind to ", path));
  }
  owner.Bound();
  if (::chmod(path.c_str(), mode) != 0) return SocketError(errno, absl::StrCat("chmod ", path));
  if (::listen(fd, Backlog(backlog)) != 0) {
    return SocketError(errno, absl::StrCat("listen at ", path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> SocketListener::Open(SocketLoop& loop,
                                                               const Endpoint& endpoint,
                                                               const ListenOptions& options,
                                                               Delegate& delegate) {
  const absl::StatusOr<mode_t> mode = SocketMode(options.access, endpoint);
  if (!mode.ok()) return mode.status();
  absl::StatusOr<UniqueFd> fd = NewSocket(SOCK_NONBLOCK);
  if (!fd.ok()) return fd.status();
  if (absl::Status status = SetSendBuffer(fd->get()); !status.ok()) return status;
  absl::StatusOr<EndpointOwner> owner = EndpointOwner::Take(endpoint);
  if (!owner.ok()) return owner.status();
  absl::Status status =
      BindAndListen(fd->get(), *owner, endpoint, *mode, options.waiting_instances);
  if (!status.ok()) return status;
  std::unique_ptr<SocketListener> listener(
      new SocketListener(*std::move(fd), *std::move(owner), loop, options, delegate));
  loop.Start(*listener, SocketLoop::kReadable);
  return listener;
}

SocketListener::SocketListener(UniqueFd fd, EndpointOwner owner, SocketLoop& loop,
                               const ListenOptions& options, Delegate& delegate)
    : Source(std::move(fd)),
      loop_(loop),
      access_(options.access),
      owner_(std::move(owner)),
      admission_(options.max_connections, delegate),
      pause_(loop, *this, delegate) {}

void SocketListener::Close(absl::AnyInvocable<void()> closed) {
  closing_ = true;
  closed_ = [this, then = std::move(closed)]() mutable {
    CloseFd();
    then();
  };
  owner_.Release();
  ::shutdown(fd(), SHUT_RDWR);  // New clients are refused from now on.
  loop_.Cancel(*this);
  loop_.Release(*this);
}

// When the system does not watch the socket, clients are looked for after a pause.
void SocketListener::OnReadable(int wait_error) {
  if (wait_error != 0) return pause_.Begin(SocketError(wait_error, "wait for clients"));
  AcceptSome();
}

void SocketListener::AcceptSome() {
  int most = kAcceptsPerTurn;
  if (turns_of_one_ > 0) {
    --turns_of_one_;
    most = 1;
  }
  for (; most > 0; --most) {
    if (!AcceptOne()) return;
  }
  loop_.Start(*this, SocketLoop::kReadable);
}

// True: there may be more. False: not now, and it is arranged what makes it go on: a client, or the
// end of a pause.
bool SocketListener::AcceptOne() {
  UniqueFd client(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return AcceptFailed(errno);
  pause_.Reset();
  HandOut(std::move(client));
  return !closing_;
}

bool SocketListener::AcceptFailed(int error) {
  if (error == EINTR || error == ECONNABORTED) return true;
  if (error == EAGAIN) {
    turns_of_one_ = kTurnsOfOne;
    loop_.Start(*this, SocketLoop::kReadable);
  } else {
    // The client stays in the backlog and is taken when there are descriptors again. As the loop
    // does not watch the socket in the meantime, nothing spins.
    pause_.Begin(SocketError(error, "accept"));
  }
  return false;
}

// A client that the access rules keep out or that has gone again is closed; that is no matter for
// the delegate.
void SocketListener::HandOut(UniqueFd fd) {
  const absl::StatusOr<ucred> credentials = PeerCredentials(fd.get());
  if (!credentials.ok() || !CheckClient(fd.get(), *credentials, access_).ok()) return;
  Peer peer = ToPeer(*credentials);
  Admission::Verdict verdict = admission_.Judge(peer);
  if (!verdict.slot) return;
  admission_.HandOut(
      std::make_unique<SocketPipe>(std::move(fd), std::move(peer), std::move(verdict.slot)),
      std::move(verdict.refusal));
}

}  // namespace piperpc::transport
