#include "src/transport/linux/pipe.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "src/base/process.h"
#include "src/transport/linux/socket.h"
#include "src/transport/packet_check.h"

namespace piperpc::transport {
namespace {

// A socket's own time limit counts in ticks of the kernel (up to 10 ms) and is for the coarse part
// of a wait; its end is waited for with ppoll(), which is precise.
constexpr base::Duration kFineWait = std::chrono::milliseconds(30);
constexpr base::Duration kLongestWait = std::chrono::minutes(1);

// For now, or for a packet of that size ever.
bool FindsNoRoom(int error) { return error == EAGAIN || error == EMSGSIZE; }

}  // namespace

// What a pipe needs for its end only.
struct SocketPipe::Closing final : EventLoop::Timer {
  Closing(SocketPipe& owner, absl::AnyInvocable<void()> when_closed)
      : pipe(owner), closed(std::move(when_closed)) {}
  void OnTimer() override { pipe.Release(); }

  SocketPipe& pipe;
  absl::AnyInvocable<void()> closed;
};

SocketPipe::SocketPipe(UniqueFd fd, Peer peer, ConnectionSlots::Slot slot)
    : Source(std::move(fd)),
      generation_(base::ProcessGeneration()),
      slot_(std::move(slot)),
      peer_(std::move(peer)) {}

SocketPipe::~SocketPipe() { CloseSocket(); }

void SocketPipe::Attach(EventLoop& loop, Delegate& delegate) {
  loop_ = static_cast<SocketLoop*>(&loop);
  delegate_ = &delegate;
}

void SocketPipe::Receive() {
  receiving_ = true;
  loop_->Start(*this, SocketLoop::kReceive);
}

absl::StatusOr<SendResult> SocketPipe::Send(std::span<const Bytes> slices) {
  if (absl::Status status = CheckPacket(slices); !status.ok()) return status;
  const int error = SendPacket(fd(), slices);
  return error == 0 ? SendResult::kSent : NotSent(error, slices);
}

absl::StatusOr<SendResult> SocketPipe::NotSent(int error, std::span<const Bytes> slices) {
  if (FindsNoRoom(error) && !std::exchange(roomy_, true)) {
    if (absl::Status status = SetSendBuffer(fd()); !status.ok()) return status;
    return Send(slices);
  }
  if (error != EAGAIN) return SocketError(error, "send");
  return loop_ == nullptr ? SendResult::kWouldBlock : KeepUntilWritable(slices);
}

SendResult SocketPipe::KeepUntilWritable(std::span<const Bytes> slices) {
  pending_.assign(slices.begin(), slices.end());
  if (loop_->InLoop()) {
    loop_->Start(*this, SocketLoop::kWritable);
  } else {
    // Close() waits for what was posted before it, so the pipe is there when this runs.
    loop_->Post([this] {
      if (closing_ == nullptr) loop_->Start(*this, SocketLoop::kWritable);
    });
  }
  return SendResult::kPending;
}

absl::StatusOr<std::size_t> SocketPipe::ReceiveUntil(std::span<char> buffer,
                                                     base::TimePoint deadline) {
  const std::span<char> space = buffer.first(std::min(buffer.size(), kMaxPacketBytes));
  while (true) {
    const std::ptrdiff_t result = ReceiveOnce(space, deadline);
    if (IsPacket(result)) return static_cast<std::size_t>(result);
    if (result == -ETIME) return absl::DeadlineExceededError("");
    const bool again = result == -EAGAIN || result == -EINTR;
    if (!again && !IsFirstReset(result)) return ReceiveError(result);
  }
}

// One try. -EAGAIN, -EINTR: nothing yet, try again. -ETIME: the deadline has passed.
std::ptrdiff_t SocketPipe::ReceiveOnce(std::span<char> buffer, base::TimePoint deadline) {
  const base::TimePoint now = base::Clock::now();
  if (deadline <= now) {
    const std::ptrdiff_t result = ReceivePacket(fd(), buffer, MSG_DONTWAIT);
    return result == -EAGAIN ? -ETIME : result;
  }
  if (LimitWait(deadline - now)) {
    const std::ptrdiff_t result = ReceivePacket(fd(), buffer, 0);
    if (result == -EAGAIN) wait_limit_ = base::Duration::zero();  // Too short; measure it anew.
    return result;
  }
  if (const int error = WaitReadable(fd(), deadline); error != 0) return -error;
  return ReceivePacket(fd(), buffer, MSG_DONTWAIT);
}

// Sees to it that a blocking receive ends before `left` has passed, and not much too early. The
// limit of the last call nearly always does for this one, which saves the system call. False when
// the time is too short for it.
bool SocketPipe::LimitWait(base::Duration left) {
  if (left < kFineWait) return false;
  if (wait_limit_ != base::Duration::zero() && wait_limit_ <= left - kFineWait / 2) return true;
  // Three quarters: the next call of a caller with the same time limit must find it short enough.
  const base::Duration limit = std::min(left / 4 * 3, kLongestWait);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(limit).count();
  const timeval value = {.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
  if (::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value)) != 0) return false;
  wait_limit_ = limit;
  return true;
}

// A peer that closes with unread input makes the kernel report a reset once, ahead of the packets
// that it had sent before. They are still there: receive again.
bool SocketPipe::IsFirstReset(std::ptrdiff_t result) {
  return result == -ECONNRESET && !std::exchange(reset_seen_, true);
}

bool SocketPipe::AllRead() const {
  int unread = 0;
  return ::ioctl(fd(), SIOCOUTQ, &unread) == 0 && unread == 0;
}

void SocketPipe::Close(CloseMode mode, absl::AnyInvocable<void()> closed) {
  if (loop_ == nullptr) {
    CloseDetached(mode);
    closed();
    return;
  }
  closing_ = std::make_unique<Closing>(*this, std::move(closed));
  mode == CloseMode::kDrain ? Drain() : Release();
}

void SocketPipe::CloseDetached(CloseMode mode) {
  if (mode == CloseMode::kDrain) DrainUntil(fd(), base::After(kDrainLimit));
  CloseSocket();
  slot_.Reset();
}

// A child made by fork() may have the socket, too, and would keep the peer from seeing the end: so
// it is shut down first, which loses nothing that was sent. In the child it is only closed, as it
// is the parent's.
void SocketPipe::CloseSocket() {
  if (base::HasForked() && fd() >= 0 && generation_ == base::ProcessGeneration())
    ::shutdown(fd(), SHUT_RDWR);
  CloseFd();
}

// As DrainUntil() does it, on the loop.
void SocketPipe::Drain() {
  ::shutdown(fd(), SHUT_WR);
  loop_->Schedule(*closing_, base::After(kDrainLimit));
  if (!receiving_) Receive();
}

void SocketPipe::Discard(std::ptrdiff_t result) {
  if (result > 0 || IsFirstReset(result)) {
    Receive();
  } else {
    Release();
  }
}

void SocketPipe::Release() {
  loop_->Cancel(*closing_);
  loop_->Release(*this);
}

void SocketPipe::OnReceived(std::ptrdiff_t result, const char* data) {
  receiving_ = false;
  peer_ended_ = result == 0;
  if (closing_ != nullptr) return Discard(result);
  if (IsFirstReset(result)) return Receive();
  if (IsPacket(result)) {
    delegate_->OnReceive({data, static_cast<std::size_t>(result)});
  } else {
    delegate_->OnReceiveError(ReceiveError(result));
  }
}

void SocketPipe::OnWritable(int wait_error) {
  if (closing_ != nullptr) return;
  const int error = wait_error != 0 ? wait_error : SendPacket(fd(), pending_);
  if (error == EAGAIN) return loop_->Start(*this, SocketLoop::kWritable);
  pending_ = {};
  delegate_->OnSent(error == 0 ? absl::OkStatus() : SocketError(error, "send"));
}

// A socket that is closed with unread input tells the peer of a reset, ahead of what was sent to it
// before. So the end is said first, after which no more can come, and what has come is thrown away.
void SocketPipe::ThrowInputAway() {
  if (peer_ended_) return;  // And has sent nothing after that.
  ::shutdown(fd(), SHUT_RDWR);
  char first;
  while (::recv(fd(), &first, sizeof(first), MSG_DONTWAIT) > 0) {
  }
}

void SocketPipe::OnReleased() {
  ThrowInputAway();
  CloseSocket();
  slot_.Reset();
  const auto closing = std::move(closing_);
  closing->closed();
}

}  // namespace piperpc::transport
