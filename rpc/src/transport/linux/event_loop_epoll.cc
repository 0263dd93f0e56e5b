#include "src/transport/linux/event_loop_epoll.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <limits>

#include "src/transport/linux/socket.h"
#include "src/transport/wait_limit.h"

namespace piperpc::transport {
namespace {

// For epoll_wait().
int Milliseconds(base::TimePoint limit) {
  if (limit == base::kNever) return -1;
  return static_cast<int>(MillisecondsUntil(limit, std::numeric_limits<int>::max()));
}

constexpr std::uint32_t kTrouble = EPOLLERR | EPOLLHUP;

std::uint32_t InterestOf(SocketLoop::Operation operation) {
  return operation == SocketLoop::kWritable ? EPOLLOUT : EPOLLIN;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EpollLoop::New() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return SocketError(errno, "epoll_create1");
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return SocketError(errno, "eventfd");
  // Edge-triggered: each write wakes the loop once, and nobody needs to read it.
  epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return SocketError(errno, "epoll_ctl");
  }
  return std::unique_ptr<EventLoop>(new EpollLoop(std::move(epoll), std::move(wake)));
}

EpollLoop::EpollLoop(UniqueFd epoll, UniqueFd wake)
    : epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      buffer_(base::NewPageOffsetBuffer(kMaxPacketBytes)) {}

void EpollLoop::Start(Source& source, Operation operation) {
  source.wanted_ |= operation;
  const int error = Watch(source, source.armed_ | InterestOf(operation));
  if (error != 0) FailStart(source, operation, error);
}

void EpollLoop::Release(Source& source) {
  source.wanted_ = 0;
  Watch(source, 0);
  Post([&source] { source.OnReleased(); });
}

bool EpollLoop::Wait(base::TimePoint limit) {
  const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                 Milliseconds(limit));
  for (int i = 0; i < count; ++i) {
    auto* source = static_cast<Source*>(events_[i].data.ptr);
    if (source != nullptr) OnEvents(*source, events_[i].events);
  }
  return count > 0;
}

void EpollLoop::Wake() { ::eventfd_write(wake_.get(), 1); }

// A source stays alive during this, and until the end of the iteration's events: it is destroyed by
// posted work only.
void EpollLoop::OnEvents(Source& source, std::uint32_t events) {
  if ((events & (EPOLLOUT | kTrouble)) != 0) FinishWrite(source);
  if ((events & (EPOLLIN | kTrouble)) != 0) FinishRead(source);
}

void EpollLoop::FinishRead(Source& source) {
  if ((source.wanted_ & kReceive) != 0) {
    FinishReceive(source);
  } else if (Take(source, kReadable)) {
    source.OnReadable(0);
  } else {
    Watch(source, source.armed_ & ~EPOLLIN);
  }
}

void EpollLoop::FinishReceive(Source& source) {
  const std::ptrdiff_t result =
      ReceivePacket(source.fd(), {buffer_.get(), kMaxPacketBytes}, MSG_DONTWAIT);
  if (result == -EAGAIN) return;
  Take(source, kReceive);
  source.OnReceived(result, buffer_.get());
}

void EpollLoop::FinishWrite(Source& source) {
  if (Take(source, kWritable)) source.OnWritable(0);
  // Not left for later as with reading: a socket has room nearly always.
  if ((source.wanted_ & kWritable) == 0) Watch(source, source.armed_ & ~EPOLLOUT);
}

int EpollLoop::Watch(Source& source, std::uint32_t interest) {
  if (interest == source.armed_) return 0;
  const int action = source.armed_ == 0 ? EPOLL_CTL_ADD
                     : interest == 0    ? EPOLL_CTL_DEL
                                        : EPOLL_CTL_MOD;
  epoll_event event = {.events = interest, .data = {.ptr = &source}};
  if (::epoll_ctl(epoll_.get(), action, source.fd(), &event) != 0) return errno;
  source.armed_ = static_cast<std::uint8_t>(interest);
  return 0;
}

void EpollLoop::FailStart(Source& source, Operation operation, int error) {
  Post([&source, operation, error] {
    if (!Take(source, operation)) return;
    if (operation == kReceive) source.OnReceived(-error, nullptr);
    if (operation == kReadable) source.OnReadable(error);
    if (operation == kWritable) source.OnWritable(error);
  });
}

bool EpollLoop::Take(Source& source, Operation operation) {
  const bool wanted = (source.wanted_ & operation) != 0;
  source.wanted_ &= static_cast<std::uint8_t>(~operation);
  return wanted;
}

}  // namespace piperpc::transport
