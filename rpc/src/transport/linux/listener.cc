#include "src/transport/linux/listener.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "src/transport/linux/access.h"
#include "src/transport/linux/folder.h"
#include "src/transport/linux/peer.h"
#include "src/transport/linux/pipe.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

// Few: to take a client costs as much as some calls, and pipes that are there already wait for it.
constexpr int kAcceptsPerIteration = 3;

// More where iterations take long, or whoever has calls that do would keep others out: where
// clients may be left, the next round lasts for a quarter of what the loop has done since, a fifth
// of all.
constexpr int kPartOfWork = 4;
constexpr base::Duration kMuchWork = std::chrono::microseconds(200);
constexpr base::Duration kLongestRound = std::chrono::milliseconds(20);

// So long a round lasts, at the least, after that much work.
constexpr base::Duration RoundAfter(base::Duration work) {
  if (work < kMuchWork) return base::Duration::zero();
  return std::min<base::Duration>(work / kPartOfWork, kLongestRound);
}

// The kernel makes a whole socket before it finds that nobody is there. So after a look in vain, as
// many iterations take one client each, and look for no second one.
constexpr int kSingleAccepts = 16;

// The kernel takes no more than net.core.somaxconn (4096 by default).
int Backlog(std::size_t wanted) {
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(wanted == 0 ? kMost : std::min(wanted, kMost));
}

constexpr Backoff RestorePause() {
  return {std::chrono::milliseconds(10), std::chrono::seconds(5)};
}

}  // namespace

// What opens, restores and ends a listener is cold; what takes clients is not.

// A socket that listens, as the loop sees it.
class SocketListener::Socket final : public SocketLoop::Source {
 public:
  Socket(UniqueFd fd, SocketListener& listener) : Source(std::move(fd)), listener_(listener) {}

  void Refuse() { ::shutdown(fd(), SHUT_RDWR); }  // New clients, from now on.

 private:
  void OnReceived(std::ptrdiff_t, const char*) override {}  // Never started.
  void OnReadable(int wait_error) override { listener_.OnReadable(wait_error); }
  void OnWritable(int) override {}  // Never started.
  void OnReleased() override { listener_.OnReleased(*this); }

  SocketListener& listener_;
};

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
  loop.Start(*listener->socket_, SocketLoop::kReadable);
  return listener;
}

SocketListener::SocketListener(EndpointOwner owner, mode_t mode, SocketLoop& loop,
                               const ListenOptions& options, Delegate& delegate)
    : loop_(loop),
      options_(options),
      mode_(mode),
      delegate_(delegate),
      owner_(std::move(owner)),
      admission_(options.max_connections, delegate),
      pause_(loop, *this, delegate),
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
  socket_ = std::make_unique<Socket>(*std::move(fd), *this);
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
  if (socket_ != nullptr) socket_->Refuse();
  AcceptLeft();
  owner_.Release();
  Retire();
  watch_.Close([this] {
    watching_ = false;
    OnPartClosed();
  });
}

// Takes no more clients from the socket; the loop has to let go of it before it can go.
void SocketListener::Retire() {
  loop_.Cancel(*this);
  loop_.Undefer(*this);
  if (socket_ == nullptr) return;
  socket_->Refuse();
  loop_.Release(*retired_.emplace_back(std::move(socket_)));
}

void SocketListener::OnReleased(const Socket& socket) {
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
  AcceptLeft();
  if (closing_) return absl::OkStatus();
  Retire();
  if (absl::Status status = Bind(); !status.ok()) return status;
  loop_.Start(*socket_, SocketLoop::kReadable);
  return absl::OkStatus();
}

// Those that had connected before the end of the socket, or of its file, are handed out, too: the
// delegate tells them what there is to tell.
void SocketListener::AcceptLeft() {
  while (socket_ != nullptr) {
    UniqueFd client(::accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) return;
    HandOut(std::move(client));
  }
}

// A failure that goes on is told once.
ABSL_ATTRIBUTE_COLD void SocketListener::TellRestored(const absl::Status& status) {
  if (!status.ok() && std::exchange(told_, status) == status) return;
  if (status.ok()) told_ = absl::OkStatus();
  delegate_.OnEndpointRemoved(status);
}

// When the system does not watch the socket, clients are looked for after a pause.
void SocketListener::OnReadable(int wait_error) {
  if (wait_error != 0) return pause_.Begin(SocketError(wait_error, "cannot wait for clients"));
  AcceptSome();
}

void SocketListener::AcceptSome() {
  int most = kAcceptsPerIteration;
  if (single_accepts_left_ > 0) {
    --single_accepts_left_;
    most = 1;
  }
  base::TimePoint now = loop_.Now();
  const base::TimePoint end = now + RoundAfter(std::exchange(work_since_, base::Duration::zero()));
  for (int left = most; left > 0 || now < end; --left) {
    if (!AcceptOne()) return;
    now = loop_.Now();
  }
  round_end_ = now;
  if (most > 1) loop_.Defer(*this);
  loop_.Start(*socket_, SocketLoop::kReadable);
}

// Not until the next round: the loop may sleep before that.
void SocketListener::OnIterationEnd() { work_since_ = loop_.Now() - round_end_; }

// True: there may be more. False: not now, and it is arranged what makes it go on: a client, or the
// end of a pause.
bool SocketListener::AcceptOne() {
  UniqueFd client(::accept4(socket_->fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return AcceptFailed(errno);
  pause_.Reset();
  HandOut(std::move(client));
  return !closing_;
}

bool SocketListener::AcceptFailed(int error) {
  if (error == EINTR || error == ECONNABORTED) return true;
  if (error == EAGAIN) {
    single_accepts_left_ = kSingleAccepts;
    loop_.Start(*socket_, SocketLoop::kReadable);
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
  if (!credentials.ok() || !CheckClient(fd.get(), *credentials, options_.access).ok()) return;
  Peer peer = ToPeer(*credentials);
  Admission::Verdict verdict = admission_.Judge(peer);
  if (!verdict.slot) return;
  admission_.HandOut(
      std::make_unique<SocketPipe>(std::move(fd), std::move(peer), std::move(verdict.slot)),
      std::move(verdict.refusal));
}

}  // namespace piperpc::transport
