#include "src/transport/linux/accepting_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
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

// It is readable for ever then, and has nobody.
ABSL_ATTRIBUTE_COLD bool HasEnded(int fd) {
  pollfd look = {.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&look, 1, 0) == 1 && (look.revents & POLLHUP) != 0;
}

}  // namespace

// What ends one is cold; what takes clients is not.

AcceptingSocket::AcceptingSocket(UniqueFd fd, const Clients& clients)
    : Source(std::move(fd)), clients_(clients), pause_(clients.loop, *this, clients.delegate) {}

void AcceptingSocket::Start() { clients_.loop.Start(*this, SocketLoop::kReadable); }

ABSL_ATTRIBUTE_COLD void AcceptingSocket::Refuse() { ::shutdown(fd(), SHUT_RDWR); }

// The delegate may close the listener meanwhile.
ABSL_ATTRIBUTE_COLD void AcceptingSocket::AcceptLeft() {
  while (!retired_) {
    UniqueFd client(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) return;
    HandOutClient(std::move(client), clients_);
  }
}

ABSL_ATTRIBUTE_COLD void AcceptingSocket::Retire(absl::AnyInvocable<void()> released) {
  retired_ = true;
  released_ = std::move(released);
  clients_.loop.Cancel(*this);
  clients_.loop.Undefer(*this);
  clients_.loop.Release(*this);
}

// Which may destroy this.
void AcceptingSocket::OnReleased() { std::exchange(released_, nullptr)(); }

// When the system does not watch the socket, clients are looked for after a pause.
void AcceptingSocket::OnReadable(int wait_error) {
  if (wait_error != 0) return pause_.Begin(SocketError(wait_error, "cannot wait for clients"));
  AcceptSome();
}

void AcceptingSocket::AcceptSome() {
  int most = kAcceptsPerIteration;
  if (single_accepts_left_ > 0) {
    --single_accepts_left_;
    most = 1;
  }
  base::TimePoint now = clients_.loop.Now();
  const base::TimePoint end = now + RoundAfter(std::exchange(work_since_, base::Duration::zero()));
  for (int left = most; left > 0 || now < end; --left) {
    if (!AcceptOne()) return;
    now = clients_.loop.Now();
  }
  round_end_ = now;
  if (most > 1) clients_.loop.Defer(*this);
  Start();
}

// Not until the next round: the loop may sleep before that.
void AcceptingSocket::OnIterationEnd() { work_since_ = clients_.loop.Now() - round_end_; }

// True: there may be more. False: not now, and it is arranged what makes it go on: a client, or the
// end of a pause.
bool AcceptingSocket::AcceptOne() {
  UniqueFd client(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return AcceptFailed(errno);
  pause_.Reset();
  looks_in_vain_ = 0;
  HandOutClient(std::move(client), clients_);
  return !retired_;
}

bool AcceptingSocket::AcceptFailed(int error) {
  if (error == EINTR || error == ECONNABORTED) return true;
  if (error == EAGAIN) {
    single_accepts_left_ = kSingleAccepts;
    if (++looks_in_vain_ > kSingleAccepts && HasEnded(fd())) {
      pause_.Begin(
          absl::UnavailableError("the socket takes no clients: whoever else has it open "
                                 "has shut it down"));
    } else {
      Start();
    }
  } else {
    // The client stays in the backlog and is taken when there are descriptors again. As the loop
    // does not watch the socket in the meantime, nothing spins.
    pause_.Begin(SocketError(error, "accept"));
  }
  return false;
}

// A client that the access rules keep out or that has gone again is closed; that is no matter for
// the delegate.
void HandOutClient(UniqueFd fd, const AcceptingSocket::Clients& clients) {
  const absl::StatusOr<ucred> credentials = PeerCredentials(fd.get());
  if (!credentials.ok() || !CheckClient(fd.get(), *credentials, clients.access).ok()) return;
  Peer peer = ToPeer(*credentials);
  Admission::Verdict verdict = clients.admission.Judge(peer);
  if (!verdict.slot) return;
  clients.admission.HandOut(
      std::make_unique<SocketPipe>(std::move(fd), std::move(peer), std::move(verdict.slot)),
      std::move(verdict.refusal));
}

}  // namespace piperpc::transport
