#include "src/transport/linux/abstract_socket.h"

#include <cerrno>
#include <cstddef>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "src/base/clock.h"
#include "src/transport/backoff.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

// The kernel keeps a name for some milliseconds after its process, when io_uring was at work on it.
constexpr base::Duration kLastBreath = std::chrono::seconds(1);

// 0 or an errno.
int BindUntil(int fd, const SocketName& name, base::TimePoint limit) {
  Backoff gap = ConnectBackoff();
  while (::bind(fd, reinterpret_cast<const sockaddr*>(&name.address), name.size) != 0) {
    if (errno != EADDRINUSE || base::Clock::now() >= limit) return errno;
    std::this_thread::sleep_for(gap.Next());
  }
  return 0;
}

}  // namespace

SocketName NameOf(const Endpoint& endpoint) {
  const std::string& text = endpoint.address();
  SocketName name = {.address = SocketAddress(text), .size = sizeof(sockaddr_un)};
  if (!endpoint.is_abstract()) return name;
  name.address.sun_path[0] = '\0';
  name.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
  return name;
}

absl::StatusOr<UniqueFd> ListenAbstract(const Endpoint& endpoint, const ListenOptions& options) {
  absl::StatusOr<UniqueFd> fd = NewSocket(SOCK_NONBLOCK);
  if (!fd.ok()) return fd;
  if (absl::Status status = SetSendBuffer(fd->get()); !status.ok()) return status;
  const int error = BindUntil(fd->get(), NameOf(endpoint), base::After(kLastBreath));
  if (error == EADDRINUSE) {
    return absl::AlreadyExistsError(absl::StrCat("a server is already running at ", endpoint.text(),
                                                 ", or another process has its name"));
  }
  if (error != 0) return SocketError(error, absl::StrCat("cannot bind to ", endpoint.text()));
  if (::listen(fd->get(), Backlog(options.waiting_instances)) != 0) {
    return SocketError(errno, absl::StrCat("cannot listen at ", endpoint.text()));
  }
  return fd;
}

}  // namespace piperpc::transport
