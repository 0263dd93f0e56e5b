#include "src/transport/linux/system_transport.h"

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/transport/linux/abstract_socket.h"
#include "src/transport/linux/access.h"
#include "src/transport/linux/connect.h"
#include "src/transport/linux/descriptors.h"
#include "src/transport/linux/event_loop_epoll.h"
#include "src/transport/linux/event_loop_uring.h"
#include "src/transport/linux/listener.h"
#include "src/transport/linux/open_socket_listener.h"
#include "src/transport/linux/open_socket_transport.h"
#include "src/transport/linux/uring_probe.h"
#include "src/transport/transport.h"

namespace piperpc::transport {

class SystemTransports::SocketTransport final : public Transport {
 public:
  using LoopFactory = std::function<absl::StatusOr<std::unique_ptr<EventLoop>>()>;

  SocketTransport(std::string_view name, LoopFactory new_loop)
      : name_(name), new_loop_(std::move(new_loop)) {}

  std::string_view name() const override { return name_; }
  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override { return new_loop_(); }

  std::size_t Capacity() const override { return FreeDescriptors(); }

  absl::Status CheckAccess(const Endpoint& endpoint, const Access& access) override {
    if (!endpoint.is_abstract()) return SocketMode(access, endpoint).status();
    return CheckAccessWithoutFile(endpoint.text(), access,
                                  "an abstract socket has no file: use owner, group or users");
  }

  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override {
    auto& socket_loop = static_cast<SocketLoop&>(loop);
    if (!endpoint.is_abstract()) {
      return SocketListener::Open(socket_loop, endpoint, options, delegate);
    }
    absl::StatusOr<UniqueFd> fd = ListenAbstract(endpoint, options);
    if (!fd.ok()) return fd.status();
    return OpenSocketListener::OpenOwn(socket_loop, *std::move(fd), options, delegate);
  }

  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override {
    return ConnectSocket(endpoint, options);
  }

  absl::StatusOr<std::shared_ptr<Transport>> Over(std::vector<OpenSocket> sockets) override {
    for (const OpenSocket& socket : sockets) {
      if (socket.descriptor() >= 0) continue;
      return absl::InvalidArgumentError(
          "an OpenSocket has no descriptor any more: it was moved from, or released");
    }
    return NewOpenSocketTransport(*this, std::move(sockets));
  }

 private:
  const std::string_view name_;
  const LoopFactory new_loop_;
};

SystemTransports::SystemTransports()
    : epoll_transport_(std::make_unique<SocketTransport>("epoll", &EpollLoop::New)),
      uring_transport_(
          std::make_unique<SocketTransport>("io_uring", [this] { return NewUringLoop(); })),
      auto_transport_(
          std::make_unique<SocketTransport>("io_uring", [this] { return NewAnyLoop(); })) {}

SystemTransports::~SystemTransports() { answer_.Destroy(); }

absl::Status SystemTransports::CheckUring() {
  Answer& answer = answer_.Get();
  const internal::MutexLock lock(answer.mutex);
  if (answer.uring.has_value()) return *answer.uring;
  absl::Status status = TryUring();
  if (!absl::IsResourceExhausted(status)) answer.uring = status;
  return status;
}

SystemTransports::NewLoop SystemTransports::NewUringLoop() {
  if (absl::Status status = CheckUring(); !status.ok()) return status;
  return UringLoop::New();
}

// A process may give up rights as it runs, and have no more memory that it may lock, which a ring
// needs and epoll does not. Where both need what there is not, epoll says so.
SystemTransports::NewLoop SystemTransports::NewAnyLoop() {
  NewLoop loop = NewUringLoop();
  return loop.ok() ? std::move(loop) : EpollLoop::New();
}

// "auto" is io_uring where the system allows it: with small packets the two are equal (about
// 11 us for a round trip, the same processor time with 64 connections), with packets of
// 128 KiB epoll took a third more of both. To see it: "PIPERPC_BENCH_BACKEND=epoll
// tests/bench/floor", and the same with io_uring.
absl::StatusOr<Transport*> SystemTransports::Get(std::string_view backend) {
  if (backend == "auto") {
    const absl::Status uring = CheckUring();
    const bool refused = !uring.ok() && !absl::IsResourceExhausted(uring);
    return refused ? epoll_transport_.get() : auto_transport_.get();
  }
  if (backend == "epoll") return epoll_transport_.get();
  if (backend == "io_uring") return uring_transport_.get();
  return absl::InvalidArgumentError(absl::StrCat(
      "backend \"", base::ToAbsl(backend),
      "\" is not valid: on this system it must be \"auto\", \"epoll\" or \"io_uring\""));
}

absl::StatusOr<Transport*> SystemTransport(std::string_view backend) {
  static constinit std::atomic<SystemTransports*> made = nullptr;  // Servers may be static.
  SystemTransports* transports = made.load();
  if (transports == nullptr) {
    auto added = std::make_unique<SystemTransports>();
    // Not by the initialisation of a static, at which a fork() would leave the child waiting.
    if (made.compare_exchange_strong(transports, added.get())) transports = added.release();
  }
  return transports->Get(backend);
}

}  // namespace piperpc::transport
