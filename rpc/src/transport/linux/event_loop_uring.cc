#include "src/transport/linux/event_loop_uring.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "src/transport/linux/socket.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {
namespace {

constexpr unsigned kRequests = 256;
constexpr unsigned kCompletions = 4096;

// Each takes a whole packet; memory is spent only on the part of a buffer that was ever used. When
// more packets than this are there at once, the rest is taken one by one. A power of two.
constexpr unsigned kBuffers = 32;
constexpr unsigned kSpareBuffer = kBuffers;  // For those; the kernel does not know it.
constexpr int kBufferGroup = 0;
constexpr std::size_t kPageBytes = 4096;

constexpr int kPauseMilliseconds = 10;

// A page and a cache line more than a packet: at a distance of a power of two, the first bytes of
// all buffers would fight for one place in the processor's caches.
constexpr std::size_t kBufferStride = kMaxPacketBytes + kPageBytes + 64;
static_assert(kBuffers * sizeof(io_uring_buf) <= kPageBytes);

// What a completion is of, beside the address of its source: the operation, in the low bits.
constexpr std::uint64_t kOperationMask = 7;
constexpr std::uint64_t kIgnore = 0;
constexpr std::uint64_t kWoken = kOperationMask;

__kernel_timespec ToKernelTime(base::Duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(time - seconds);
  return {.tv_sec = seconds.count(), .tv_nsec = rest.count()};
}

}  // namespace

// What is used up says nothing of whether io_uring is allowed.
absl::Status UringLoop::Refused(int error, const char* step) {
  if (error == ENOMEM) {
    return absl::ResourceExhaustedError(
        absl::StrCat("io_uring: ", step,
                     ": this user's limit of locked memory is exhausted; raise it "
                     "(ulimit -l), or use the backend \"epoll\" or \"auto\""));
  }
  absl::Status status = SocketError(error, absl::StrCat("io_uring: ", step));
  if (absl::IsResourceExhausted(status)) return status;
  return absl::FailedPreconditionError(
      absl::StrCat("io_uring is not available on this system: ", step, ": ",
                   std::generic_category().message(error)));
}

absl::StatusOr<std::unique_ptr<EventLoop>> UringLoop::New() {
  std::unique_ptr<UringLoop> loop(new UringLoop());
  if (absl::Status status = loop->Open(); !status.ok()) return status;
  return loop;
}

absl::Status UringLoop::Open() {
  io_uring_params params = {};
  // Disabled until Run(): the thread that enables the ring is the one that may use it.
  params.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_CQSIZE;
  params.cq_entries = kCompletions;
  if (const int error = ::io_uring_queue_init_params(kRequests, &ring_, &params); error < 0) {
    return Refused(-error, "setup");
  }
  open_ = true;
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return SocketError(errno, "eventfd");
  WatchWake();
  if (absl::Status status = OpenBuffers(); !status.ok()) return status;
  return AskForRest();
}

// A process may give up rights after they were tried (uring_probe.h), and once the loop runs
// there is nobody to be told. So whoever makes a loop asks for the calls that are made only then,
// in ways that do nothing: the kernel knows an error of its own for each.
absl::Status UringLoop::AskForRest() {
  const long entered = ::syscall(SYS_io_uring_enter, ring_.ring_fd, 0, 0, 0, nullptr, 0);
  if (entered < 0 && errno != EBADFD) return Refused(errno, "enter");  // It is disabled.
  const long enabled =
      ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, &ring_, 1);
  if (enabled < 0 && errno != EINVAL) return Refused(errno, "enable");  // It takes no argument.
  return absl::OkStatus();
}

absl::Status UringLoop::OpenBuffers() {
  buffer_ring_.reset(std::aligned_alloc(kPageBytes, kPageBytes));
  if (buffer_ring_ == nullptr) return Refused(ENOMEM, "buffers");
  // Small packets use the beginning of each. In large pages these would be 4 MiB.
  buffers_ = base::NewPageOffsetBuffer((kBuffers + 1) * kBufferStride, base::BufferUse::kParts);
  ::io_uring_buf_ring_init(static_cast<io_uring_buf_ring*>(buffer_ring_.get()));
  io_uring_buf_reg registration = {};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring_.get());
  registration.ring_entries = kBuffers;
  registration.bgid = kBufferGroup;
  if (const int error = ::io_uring_register_buf_ring(&ring_, &registration, 0); error < 0) {
    return Refused(-error, "buffer ring");
  }
  for (unsigned id = 0; id < kBuffers; ++id) FreeBuffer(id);
  return absl::OkStatus();
}

UringLoop::~UringLoop() {
  if (open_) ::io_uring_queue_exit(&ring_);
}

void UringLoop::Start(Source& source, Operation operation) {
  source.wanted_ |= operation;
  Submit(source, operation);
}

void UringLoop::Submit(Source& source, Operation operation) {
  io_uring_sqe& request = NextRequest();
  if (operation == kReceive) {
    ::io_uring_prep_recv(&request, source.fd(), nullptr, kMaxPacketBytes, MSG_TRUNC);
    request.flags |= IOSQE_BUFFER_SELECT;
    request.buf_group = kBufferGroup;
    request.ioprio |= IORING_RECVSEND_POLL_FIRST;  // There is nothing yet, nearly always.
  } else {
    ::io_uring_prep_poll_add(&request, source.fd(), operation == kWritable ? POLLOUT : POLLIN);
  }
  ::io_uring_sqe_set_data64(&request, reinterpret_cast<std::uint64_t>(&source) | operation);
  source.armed_ |= operation;
}

void UringLoop::Release(Source& source) {
  source.released_ = true;
  source.wanted_ = 0;
  if (source.armed_ == 0) return Post([&source] { source.OnReleased(); });
  for (const Operation operation : {kReceive, kReadable, kWritable}) {
    if ((source.armed_ & operation) == 0) continue;
    io_uring_sqe& request = NextRequest();
    ::io_uring_prep_cancel64(&request, reinterpret_cast<std::uint64_t>(&source) | operation, 0);
    ::io_uring_sqe_set_data64(&request, kIgnore);
  }
}

// While the kernel takes no more requests they stand in line here, in order.
io_uring_sqe& UringLoop::NextRequest() {
  if (in_line_.empty()) {
    if (io_uring_sqe* const request = ::io_uring_get_sqe(&ring_)) return *request;
    ::io_uring_submit(&ring_);
    if (io_uring_sqe* const request = ::io_uring_get_sqe(&ring_)) return *request;
  }
  return in_line_.emplace_back();
}

// True: all that stood in line is on its way.
bool UringLoop::MoveUp() {
  while (!in_line_.empty()) {
    io_uring_sqe* const request = ::io_uring_get_sqe(&ring_);
    if (request == nullptr) return false;
    *request = in_line_.front();
    in_line_.pop_front();
  }
  return true;
}

// A repeated poll is edge-triggered: each write to the eventfd gives one completion, and nobody
// needs to read it.
void UringLoop::WatchWake() {
  io_uring_sqe& request = NextRequest();
  ::io_uring_prep_poll_multishot(&request, wake_.get(), POLLIN);
  ::io_uring_sqe_set_data64(&request, kWoken);
}

// Debian 12's liburing declares a function for it, but does not export it.
void UringLoop::Enable() {
  if (std::exchange(enabled_, true)) return;
  const long result =
      ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  if (result < 0) Note(errno);
}

bool UringLoop::Wait(base::TimePoint limit) {
  Enable();
  OnWaited(SubmitAndWait(MoveUp() ? limit : kNoWait));
  io_uring_cqe* first = nullptr;
  // Only those that are there now: a flood of completions must not starve posted work.
  const unsigned count = ::io_uring_cq_ready(&ring_);
  for (unsigned left = count; left > 0; --left) {
    if (::io_uring_peek_cqe(&ring_, &first) != 0) break;
    const io_uring_cqe completion = {
        .user_data = first->user_data, .res = first->res, .flags = first->flags};
    ::io_uring_cqe_seen(&ring_, first);
    OnCompletion(completion);
  }
  return count > 0;
}

// What was submitted, or a negative errno.
int UringLoop::SubmitAndWait(base::TimePoint limit) {
  if (limit == base::kNever) return ::io_uring_submit_and_wait(&ring_, 1);
  if (limit == kNoWait) return ::io_uring_submit_and_get_events(&ring_);
  io_uring_cqe* first = nullptr;
  const base::Duration left = limit - base::Clock::now();
  __kernel_timespec time = ToKernelTime(std::max(left, base::Duration::zero()));
  return ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &time, nullptr);
}

// When the kernel cannot take the requests (out of memory) it does not wait either: without a pause
// the loop would spin until it can.
void UringLoop::OnWaited(int result) {
  if (result >= 0 || result == -EINTR || result == -ETIME) return;
  Note(-result);
  if (::io_uring_cq_ready(&ring_) != 0) return;
  pollfd wake = {.fd = wake_.get(), .events = 0, .revents = 0};
  ::poll(&wake, 1, kPauseMilliseconds);
}

void UringLoop::Note(int error) {
  error_ = error;
  if (stop_on_error_) Stop();
}

void UringLoop::Wake() { ::eventfd_write(wake_.get(), 1); }

void UringLoop::OnCompletion(const io_uring_cqe& completion) {
  if (completion.user_data == kIgnore) return OnCancelled(completion.res);
  if (completion.user_data == kWoken) {
    if (completion.res < 0) Note(-completion.res);
    if ((completion.flags & IORING_CQE_F_MORE) == 0) WatchWake();
    return;
  }
  auto* source = reinterpret_cast<Source*>(completion.user_data & ~kOperationMask);
  const auto operation = static_cast<Operation>(completion.user_data & kOperationMask);
  source->armed_ &= static_cast<std::uint8_t>(~operation);
  if (!source->released_) {
    Finish(*source, operation, completion);
  } else if (source->armed_ == 0) {
    Post([source] { source->OnReleased(); });
  }
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    FreeBuffer(completion.flags >> IORING_CQE_BUFFER_SHIFT);
  }
}

// What is to be cancelled may have ended, or be about to.
void UringLoop::OnCancelled(int result) {
  if (result < 0 && result != -ENOENT && result != -EALREADY) Note(-result);
}

void UringLoop::Finish(Source& source, Operation operation, const io_uring_cqe& completion) {
  if (operation == kReceive) return FinishReceive(source, completion);
  source.wanted_ &= static_cast<std::uint8_t>(~operation);
  const int error = completion.res < 0 ? -completion.res : 0;
  operation == kReadable ? source.OnReadable(error) : source.OnWritable(error);
}

void UringLoop::FinishReceive(Source& source, const io_uring_cqe& completion) {
  std::ptrdiff_t result = completion.res;
  const bool has_buffer = (completion.flags & IORING_CQE_F_BUFFER) != 0;
  char* const data =
      Buffer(has_buffer ? completion.flags >> IORING_CQE_BUFFER_SHIFT : kSpareBuffer);
  if (result == -ENOBUFS) {  // All buffers were full at that moment: the packet is still there.
    result = ReceivePacket(source.fd(), {data, kMaxPacketBytes}, MSG_DONTWAIT);
  }
  if (result == -EAGAIN || result == -EINTR) return Submit(source, kReceive);
  source.wanted_ &= static_cast<std::uint8_t>(~kReceive);
  source.OnReceived(result, data);
}

void UringLoop::FreeBuffer(unsigned id) {
  auto* ring = static_cast<io_uring_buf_ring*>(buffer_ring_.get());
  ::io_uring_buf_ring_add(ring, Buffer(id), kMaxPacketBytes, static_cast<unsigned short>(id),
                          ::io_uring_buf_ring_mask(kBuffers), 0);
  ::io_uring_buf_ring_advance(ring, 1);
}

char* UringLoop::Buffer(unsigned id) const {
  return buffers_.get() + std::size_t{id} * kBufferStride;
}

}  // namespace piperpc::transport
