#include "src/transport/linux/endpoint_owner.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/clock.h"
#include "src/transport/backoff.h"
#include "src/transport/linux/folder.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

absl::Status Taken(const Endpoint& endpoint) {
  return absl::AlreadyExistsError(
      absl::StrCat("a server is already running at ", endpoint.ToString()));
}

absl::Status CannotServe(const Endpoint& endpoint, const absl::Status& reason) {
  return {reason.code(),
          absl::StrCat("cannot serve ", endpoint.ToString(), ": ", reason.message())};
}

// What is noted of a socket file. The time of its making tells it from a later one that has got the
// same number; unlike the time of its last change it survives chmod and chown.
std::string NoteOf(const struct stat& socket) {
  return absl::StrCat("socket ", socket.st_dev, " ", socket.st_ino, " ", socket.st_mtim.tv_sec, ".",
                      socket.st_mtim.tv_nsec, "\n");
}

// A server without a lock can only be found by knocking.
absl::StatusOr<bool> IsLive(const std::string& address) {
  const absl::StatusOr<UniqueFd> probe = NewSocket(SOCK_NONBLOCK);
  if (!probe.ok()) return probe.status();
  const sockaddr_un target = SocketAddress(address);
  if (::connect(probe->get(), reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0) {
    return true;
  }
  switch (errno) {
    case ECONNREFUSED:
    case ENOENT:
      return false;
    case EAGAIN:      // Its backlog is full.
    case EPROTOTYPE:  // A live one of another type.
      return true;
    default:
      return SocketError(errno,
                         absl::StrCat("cannot check whether a server is running at ", address));
  }
}

// The kernel may need some ms to end what a process that was killed had open.
constexpr base::Duration kLastBreath = std::chrono::seconds(1);

// Knocks until nobody opens, or `patience` is over.
absl::StatusOr<bool> StaysLive(const std::string& address, base::Duration patience) {
  Backoff gap = ConnectBackoff();
  const base::TimePoint end = base::After(patience);
  absl::StatusOr<bool> live = IsLive(address);
  while (live.ok() && *live && base::Clock::now() < end) {
    std::this_thread::sleep_for(gap.Next());
    live = IsLive(address);
  }
  return live;
}

// Who has the lock is the only server here, but for those of other programs. Where the lock's note
// says nothing of the socket, as there was no room for it, `patience` tells one of these from what
// is left of a server that was killed.
absl::Status ClearAddress(const Endpoint& endpoint, const LockFile& lock, base::Duration patience) {
  const std::string& address = endpoint.address();
  const std::optional<struct stat> file = FileAt(address);
  if (!file.has_value()) return absl::OkStatus();
  if (!S_ISSOCK(file->st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat(address, " exists and is not a socket; choose another endpoint"));
  }
  if (lock.Note() != NoteOf(*file)) {
    const absl::StatusOr<bool> live = StaysLive(address, patience);
    if (!live.ok()) return live.status();
    if (*live) return Taken(endpoint);
  }
  if (::unlink(address.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("cannot remove the dead socket ", address, ": ", ErrnoText(errno)));
}

}  // namespace

EndpointOwner::EndpointOwner(const Endpoint& endpoint, std::string lock_path)
    : endpoint_(endpoint), lock_path_(std::move(lock_path)), process_(::getpid()) {}

absl::StatusOr<EndpointOwner> EndpointOwner::Take(const Endpoint& endpoint) {
  EndpointOwner owner(endpoint, absl::StrCat(endpoint.address(), ".lock"));
  if (absl::Status status = owner.Lock(); !status.ok()) return status;
  if (absl::Status status = ClearAddress(endpoint, *owner.lock_, kLastBreath); !status.ok())
    return status;
  return owner;
}

absl::Status EndpointOwner::Lock() {
  if (endpoint_.is_short_name()) {
    absl::Status status = MakePrivateFolder(FolderOf(endpoint_.address()));
    if (!status.ok()) return CannotServe(endpoint_, status);
  }
  absl::StatusOr<std::unique_ptr<LockFile>> lock = LockFile::Take(lock_path_);
  if (absl::IsAlreadyExists(lock.status())) return Taken(endpoint_);
  if (!lock.ok()) return CannotServe(endpoint_, lock.status());
  lock_ = *std::move(lock);
  return absl::OkStatus();
}

void EndpointOwner::Bound() {
  const std::optional<struct stat> file = FileAt(endpoint_.address());
  if (!file.has_value()) return;
  socket_.emplace(*file);
  lock_->SetNote(NoteOf(*file));
}

bool EndpointOwner::SocketInPlace() const {
  return socket_.has_value() && IsAt(*socket_, endpoint_.address());
}

absl::Status EndpointOwner::Restore() {
  if (!LockInPlace()) {
    if (absl::Status status = Lock(); !status.ok()) return status;
  }
  if (!SocketInPlace()) return ClearAddress(endpoint_, *lock_, base::Duration::zero());
  Bound();  // For the note.
  return absl::OkStatus();
}

void EndpointOwner::RemoveSocket() {
  if (SocketInPlace()) ::unlink(endpoint_.address().c_str());
  socket_.reset();
}

void EndpointOwner::Release() {
  if (lock_ == nullptr) return;
  if (process_ == ::getpid()) RemoveSocket();
  lock_.reset();
}

}  // namespace piperpc::transport
