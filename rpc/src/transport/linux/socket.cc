#include "src/transport/linux/socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/transport/packet_check.h"

namespace piperpc::transport {
namespace {

// The kernel doubles it for its own bookkeeping; some packets of the usual 128 KiB are then on
// their way at once. The default of most systems caps it at 208 KiB, doubled: enough for one.
constexpr int kSendBufferBytes = 512 * 1024;
constexpr int kSendBufferOverhead = 32;  // unix(7) sockets keep this much of it for themselves.

timespec ToTimespec(base::Duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(time - seconds);
  return {.tv_sec = seconds.count(), .tv_nsec = rest.count()};
}

// One slice needs no list of slices, which the kernel would copy and check.
ssize_t SendSlices(int fd, std::span<const Bytes> slices) {
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (slices.size() == 1) return ::send(fd, slices[0].data(), slices[0].size(), kFlags);
  std::array<iovec, kMaxSlices> parts;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    parts[i] = {.iov_base = const_cast<char*>(slices[i].data()), .iov_len = slices[i].size()};
  }
  msghdr message = {};
  message.msg_iov = parts.data();
  message.msg_iovlen = slices.size();
  return ::sendmsg(fd, &message, kFlags);
}

}  // namespace

absl::StatusOr<UniqueFd> NewSocket(int flags) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0));
  if (!fd) return SocketError(errno, "socket");
  return fd;
}

sockaddr_un SocketAddress(std::string_view path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::copy_n(path.data(), std::min(path.size(), sizeof(address.sun_path) - 1), address.sun_path);
  return address;
}

// The kernel takes no more than net.core.somaxconn (4096 by default).
int Backlog(std::size_t wanted) {
  constexpr std::size_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(wanted == 0 ? kMost : std::min(wanted, kMost));
}

absl::Status SetSendBuffer(int fd) {
  int size = kSendBufferBytes;
  socklen_t length = sizeof(size);
  const int error = ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, length) == 0 ? 0 : errno;
  if (::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) != 0) {
    return SocketError(errno, "getsockopt(SO_SNDBUF)");
  }
  if (size >= static_cast<int>(kMaxPacketBytes) + kSendBufferOverhead) return absl::OkStatus();
  if (error != 0) return SocketError(error, "setsockopt(SO_SNDBUF)");
  return absl::FailedPreconditionError(
      absl::StrCat("a socket's send buffer is limited to ", size, " bytes; a packet needs up to ",
                   kMaxPacketBytes + kSendBufferOverhead, "; raise net.core.wmem_max"));
}

int SendPacket(int fd, std::span<const Bytes> slices) {
  while (SendSlices(fd, slices) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

std::ptrdiff_t ReceivePacket(int fd, std::span<char> buffer, int flags) {
  while (true) {
    const ssize_t result = ::recv(fd, buffer.data(), buffer.size(), flags | MSG_TRUNC);
    if (result >= 0) return result;
    if (errno != EINTR || (flags & MSG_DONTWAIT) == 0) return -errno;
  }
}

int WaitReadable(int fd, base::TimePoint deadline) {
  pollfd wait = {.fd = fd, .events = POLLIN, .revents = 0};
  while (true) {
    const base::Duration left = std::max(deadline - base::Clock::now(), base::Duration::zero());
    const timespec limit = ToTimespec(left);
    const int ready = ::ppoll(&wait, 1, &limit, nullptr);
    if (ready > 0) return 0;
    if (ready < 0 && errno != EINTR) return errno;
    if (left == base::Duration::zero()) return ETIME;
  }
}

void DrainUntil(int fd, base::TimePoint deadline) {
  ::shutdown(fd, SHUT_WR);
  std::array<char, 16> rest;  // The kernel drops what does not fit.
  bool reset_seen = false;
  while (WaitReadable(fd, deadline) == 0) {
    const std::ptrdiff_t result = ReceivePacket(fd, rest, MSG_DONTWAIT);
    const bool reset = result == -ECONNRESET && !std::exchange(reset_seen, true);
    if (result <= 0 && result != -EAGAIN && !reset) return;
  }
}

absl::Status SocketError(int error, std::string_view call) {
  const std::string text =
      absl::StrCat(base::ToAbsl(call), ": ", std::generic_category().message(error));
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
      return absl::UnavailableError(absl::StrCat("the peer has closed the pipe (", text, ")"));
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:
      return absl::ResourceExhaustedError(text);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(text);
    default:
      return absl::InternalError(text);
  }
}

absl::Status ReceiveError(std::ptrdiff_t result) {
  if (result == 0) return absl::UnavailableError("the peer has closed the pipe");
  if (result < 0) return SocketError(static_cast<int>(-result), "recv");
  return absl::OutOfRangeError(
      absl::StrCat("a packet of ", result, " bytes arrived; the limit is ", kMaxPacketBytes));
}

}  // namespace piperpc::transport
