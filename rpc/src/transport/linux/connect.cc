#include "src/transport/linux/connect.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/transport/linux/abstract_socket.h"
#include "src/transport/linux/file_id.h"
#include "src/transport/linux/peer.h"
#include "src/transport/linux/pipe.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

// connect() waits as long as this for a place in the backlog. Sending never waits on this socket.
// False: errno says why not.
bool LimitConnect(int fd, base::TimePoint deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::microseconds>(deadline - base::Clock::now()).count();
  const auto limit = std::max<std::int64_t>(left, 1);  // 0 would be for ever.
  const timeval value = {.tv_sec = limit / 1'000'000, .tv_usec = limit % 1'000'000};
  return ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof(value)) == 0;
}

int TryToConnect(int fd, const Endpoint& endpoint, base::TimePoint deadline) {
  const SocketName name = NameOf(endpoint);
  while (true) {
    const bool limited = deadline == base::kNever || LimitConnect(fd, deadline);
    if (limited &&
        ::connect(fd, reinterpret_cast<const sockaddr*>(&name.address), name.size) == 0) {
      return 0;
    }
    if (errno != EINTR) return errno;
  }
}

bool NobodyThere(int error) {
  return error == ENOENT || error == ENOTDIR || error == ECONNREFUSED || error == ECONNRESET;
}

// The system says of an ordinary file what it says of a socket without a server.
bool IsSomethingElse(const Endpoint& endpoint) {
  if (endpoint.is_abstract()) return false;
  const std::optional<struct stat> found = FileAt(endpoint.address());
  return found.has_value() && !S_ISSOCK(found->st_mode) && !S_ISLNK(found->st_mode);
}

absl::Status ConnectError(int error, const Endpoint& endpoint, base::Duration waited) {
  const std::string where = endpoint.ToString();
  const std::string reason = std::generic_category().message(error);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  if ((error == ECONNREFUSED || error == EACCES) && IsSomethingElse(endpoint)) {
    return NotAServer(where, "it is not a socket");
  }
  if (NobodyThere(error)) {
    return absl::UnavailableError(absl::StrCat("no server at ", where, ": ", reason));
  }
  switch (error) {
    case EAGAIN:
      return absl::DeadlineExceededError(absl::StrCat("could not connect to ", where, " within ",
                                                      milliseconds,
                                                      " ms: its connection queue is full"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(
          absl::StrCat(where, " does not admit uid ", ::geteuid(), ": ", reason));
    case EPROTOTYPE:
      return NotAServer(where, "its socket does not keep message boundaries");
    default:
      return SocketError(error, absl::StrCat("cannot connect to ", where));
  }
}

absl::StatusOr<std::unique_ptr<Pipe>> MakePipe(UniqueFd fd, const Endpoint& endpoint) {
  const absl::StatusOr<ucred> server = PeerCredentials(fd.get());
  if (!server.ok()) return server.status();
  if (absl::Status status = CheckServer(endpoint, server->uid, ::geteuid()); !status.ok()) {
    return status;
  }
  return std::make_unique<SocketPipe>(std::move(fd), ToPeer(*server), ConnectionSlots::Slot());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pipe>> ConnectSocket(const Endpoint& endpoint,
                                                    const ConnectOptions& options) {
  const base::TimePoint start = base::Clock::now();
  absl::StatusOr<UniqueFd> fd = NewSocket(0);
  if (!fd.ok()) return fd.status();
  const int error = TryToConnect(fd->get(), endpoint, options.deadline);
  if (error == 0) return MakePipe(*std::move(fd), endpoint);
  return ConnectError(error, endpoint, base::Clock::now() - start);
}

}  // namespace piperpc::transport
