#include "src/transport/linux/uring_probe.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "src/transport/linux/event_loop_uring.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

// More than any machine needs; without an end, a kernel that completes nothing would hang us.
constexpr base::Duration kLimit = std::chrono::seconds(10);

constexpr char kPacket[] = "probe";

// A socket that receives, is waited for both ways, and is released while a receive is under way.
class Probe final : private SocketLoop::Source, private EventLoop::Timer {
 public:
  Probe(UniqueFd here, UniqueFd there) : Source(std::move(here)), there_(std::move(there)) {}

  absl::Status Run(UringLoop& loop) {
    loop_ = &loop;
    loop.StopOnError();
    loop.Schedule(*this, base::After(kLimit));
    loop.Start(*this, SocketLoop::kReceive);
    Send();
    loop.Run();
    loop.Cancel(*this);
    if (loop.error() != 0) return UringLoop::Refused(loop.error(), "use");
    return error_ == 0 ? absl::OkStatus() : UringLoop::Refused(error_, "an operation");
  }

 private:
  void OnReceived(std::ptrdiff_t result, const char*) override {
    if (result != sizeof(kPacket)) return End(result < 0 ? static_cast<int>(-result) : EIO);
    loop_->Start(*this, SocketLoop::kWritable);
  }
  void OnWritable(int wait_error) override {
    if (wait_error != 0) return End(wait_error);
    loop_->Start(*this, SocketLoop::kReadable);
    Send();
  }
  void OnReadable(int wait_error) override {
    if (wait_error != 0) return End(wait_error);
    std::array<char, sizeof(kPacket)> packet;
    ReceivePacket(fd(), packet, MSG_DONTWAIT);
    loop_->Start(*this, SocketLoop::kReceive);
    loop_->Release(*this);
  }
  void OnReleased() override { End(0); }
  void OnTimer() override { End(ETIMEDOUT); }

  void Send() {
    const Bytes packet(kPacket, sizeof(kPacket));
    if (const int error = SendPacket(there_.get(), {&packet, 1}); error != 0) End(error);
  }
  void End(int error) {
    error_ = error;
    loop_->Stop();
  }

  const UniqueFd there_;
  UringLoop* loop_ = nullptr;
  int error_ = 0;
};

}  // namespace

absl::Status TryUring() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return SocketError(errno, "socketpair");
  }
  Probe probe{UniqueFd(ends[0]), UniqueFd(ends[1])};  // Outlives the loop, which may know it.
  const absl::StatusOr<std::unique_ptr<EventLoop>> loop = UringLoop::New();
  if (!loop.ok()) return loop.status();
  return probe.Run(static_cast<UringLoop&>(**loop));
}

}  // namespace piperpc::transport
