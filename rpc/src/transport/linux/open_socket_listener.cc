#include "src/transport/linux/open_socket_listener.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/transport/linux/peer.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

// Whoever else has the socket open may let it block: then accept() waits for no longer than this,
// where another one has taken the client, and the loop goes on.
void LimitAccepts(int fd) {
  constexpr timeval kLimit = {.tv_sec = 0, .tv_usec = 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kLimit, sizeof(kLimit));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> OpenSocketListener::Open(SocketLoop& loop,
                                                                   std::vector<OpenSocket> sockets,
                                                                   const ListenOptions& options,
                                                                   Delegate& delegate) {
  std::unique_ptr<OpenSocketListener> listener(
      new OpenSocketListener(loop, AtEnd::kLeave, options, delegate));
  for (OpenSocket& socket : sockets) {
    if (absl::Status status = listener->Add(std::move(socket)); !status.ok()) return status;
  }
  listener->Start();
  return listener;
}

std::unique_ptr<Listener> OpenSocketListener::OpenOwn(SocketLoop& loop, UniqueFd fd,
                                                      const ListenOptions& options,
                                                      Delegate& delegate) {
  std::unique_ptr<OpenSocketListener> listener(
      new OpenSocketListener(loop, AtEnd::kRefuse, options, delegate));
  listener->AddListening(std::move(fd));
  listener->Start();
  return listener;
}

OpenSocketListener::OpenSocketListener(SocketLoop& loop, AtEnd at_end, const ListenOptions& options,
                                       Delegate& delegate)
    : loop_(loop),
      at_end_(at_end),
      options_(options),
      admission_(options.max_connections, delegate),
      clients_{loop, options_.access, admission_, delegate} {}

OpenSocketListener::~OpenSocketListener() = default;

absl::Status OpenSocketListener::Add(OpenSocket socket) {
  const std::string text = socket.ToString();
  const OpenSocket::Kind kind = socket.kind();
  UniqueFd fd(socket.Release());
  if (kind == OpenSocket::Kind::kListening) {
    if (absl::Status status = SetSendBuffer(fd.get()); !status.ok()) return status;
    LimitAccepts(fd.get());
    AddListening(std::move(fd));
    return absl::OkStatus();
  }
  const absl::StatusOr<ucred> peer = PeerCredentials(fd.get());
  if (!peer.ok()) return peer.status();
  if (absl::Status status = CheckClient(fd.get(), *peer, options_.access); !status.ok()) {
    return {status.code(), absl::StrCat(text, ": access does not admit its peer: ",
                                        status.message(), "; change ServerOptions::access")};
  }
  connected_.push_back(std::move(fd));
  return absl::OkStatus();
}

void OpenSocketListener::AddListening(UniqueFd fd) {
  listening_.push_back(std::make_unique<AcceptingSocket>(std::move(fd), clients_));
}

// Clients are handed out on the loop, before anything that is posted from now on.
void OpenSocketListener::Start() {
  for (auto& socket : listening_) socket->Start();
  if (!connected_.empty()) loop_.Post([this] { HandOutConnected(); });
}

void OpenSocketListener::HandOutConnected() {
  for (UniqueFd& fd : std::exchange(connected_, {})) HandOutClient(std::move(fd), clients_);
}

void OpenSocketListener::Close(absl::AnyInvocable<void()> closed) {
  closed_ = std::move(closed);
  unreleased_ = listening_.size() + 1;
  for (auto& socket : listening_) {
    if (at_end_ == AtEnd::kRefuse) {
      socket->Refuse();
      socket->AcceptLeft();
    }
    socket->Retire([this] { OnReleased(); });
  }
  loop_.Post([this] { OnReleased(); });  // There may be none that listens.
}

void OpenSocketListener::OnReleased() {
  if (--unreleased_ == 0) std::exchange(closed_, nullptr)();
}

}  // namespace piperpc::transport
