// The system calls of a SOCK_SEQPACKET socket, and what their results mean.
#pragma once

#include <sys/un.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/base/clock.h"
#include "src/transport/linux/unique_fd.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {

// A new socket, closed on exec. `flags`: 0 or SOCK_NONBLOCK.
absl::StatusOr<UniqueFd> NewSocket(int flags);

// `path` was checked by Endpoint: it fits.
sockaddr_un SocketAddress(std::string_view path);

// For listen(2): as many as `wanted`, or, for 0, as the system allows.
int Backlog(std::size_t wanted);

// Makes room for some packets on their way, so that a sender need not wait for each one. The kernel
// may give less; FAILED_PRECONDITION when a packet of kMaxPacketBytes would not fit, and its own
// error when it refuses.
absl::Status SetSendBuffer(int fd);

// Sends one packet if it fits now. 0 or an errno; EAGAIN when it does not fit.
int SendPacket(int fd, std::span<const Bytes> slices);

// Receives one packet: its true size (which is above buffer.size() when it was cut), 0 at the end,
// or a negative errno. `flags`: 0 or MSG_DONTWAIT. A wait that a signal has ended gives -EINTR:
// only the caller knows how much of its time is left.
std::ptrdiff_t ReceivePacket(int fd, std::span<char> buffer, int flags);

// Waits until `fd` can be read, or has ended: 0. ETIME when `deadline` has passed before, or the
// errno of a wait that the system refuses.
int WaitReadable(int fd, base::TimePoint deadline);

// Shuts the sending side, and discards what arrives until the peer has closed or `deadline` passes.
// The kernel would drop what the peer has not read yet if unread input were left behind.
void DrainUntil(int fd, base::TimePoint deadline);

// What a failed system call on a connected socket means to the caller of a pipe.
absl::Status SocketError(int error, std::string_view call);

// Whether a result of ReceivePacket() is a packet, and the status that tells why it is not.
constexpr bool IsPacket(std::ptrdiff_t result) {
  return result > 0 && static_cast<std::size_t>(result) <= kMaxPacketBytes;
}
absl::Status ReceiveError(std::ptrdiff_t result);

}  // namespace piperpc::transport
