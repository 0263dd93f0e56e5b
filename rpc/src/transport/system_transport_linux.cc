// The transports of Linux: the same sockets, on one loop or the other.
#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/transport/access_linux.h"
#include "src/transport/connect_linux.h"
#include "src/transport/event_loop_epoll_linux.h"
#include "src/transport/event_loop_uring_linux.h"
#include "src/transport/listener_linux.h"
#include "src/transport/transport.h"

namespace piperpc::transport {
namespace {

class SocketTransport final : public Transport {
 public:
  using LoopFactory = absl::StatusOr<std::unique_ptr<EventLoop>> (*)();

  SocketTransport(std::string_view name, LoopFactory new_loop) : name_(name), new_loop_(new_loop) {}

  std::string_view name() const override { return name_; }
  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override { return new_loop_(); }

  absl::Status CheckAccess(const Endpoint& endpoint, const Access& access) override {
    return SocketMode(access, endpoint).status();
  }

  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override {
    return SocketListener::Open(static_cast<SocketLoop&>(loop), endpoint, options, delegate);
  }

  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override {
    return ConnectSocket(endpoint, options);
  }

 private:
  const std::string_view name_;
  const LoopFactory new_loop_;
};

// Asked once: what a container allows does not change while it runs.
bool UringIsAllowed() {
  static const bool allowed = UringLoop::New().ok();
  return allowed;
}

}  // namespace

// "auto" is io_uring where the system allows it: with small packets the two are equal (about
// 11 us for a round trip, the same processor time with 64 connections), with packets of
// 128 KiB epoll took a third more of both. To see it: "PIPERPC_BENCH_BACKEND=epoll
// tests/bench/floor", and the same with io_uring.
absl::StatusOr<Transport*> SystemTransport(std::string_view backend) {
  static SocketTransport epoll("epoll", &EpollLoop::New);
  static SocketTransport uring("io_uring", &UringLoop::New);
  if (backend == "auto") return UringIsAllowed() ? &uring : &epoll;
  if (backend == "epoll") return &epoll;
  if (backend == "io_uring") return &uring;
  return absl::InvalidArgumentError(absl::StrCat(
      "transport \"", ToAbsl(backend), "\": this system has \"auto\", \"epoll\" and \"io_uring\""));
}

}  // namespace piperpc::transport
