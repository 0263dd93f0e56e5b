// The transport inside a process.
#include "src/transport/transport.h"

#include "absl/strings/str_cat.h"
#include "piperpc/in_process.h"
#include "src/base/process.h"
#include "src/transport/memory/listener.h"
#include "src/transport/memory/loop.h"

namespace piperpc::transport {
namespace {

absl::Status Foreign() {
  return absl::FailedPreconditionError(
      "this in-process transport was used before fork() and belongs to the parent process; create "
      "a "
      "new one in the child");
}

class MemoryTransport final : public Transport,
                              public std::enable_shared_from_this<MemoryTransport> {
 public:
  // In a child, a thread that is not there may hold the lock, or wait.
  ~MemoryTransport() override {
    if (mark_.foreign()) base::KeepForever(ports_.release());
  }

  std::string_view name() const override { return "memory"; }

  absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) const override {
    return Endpoint::InProcess(text);
  }

  std::shared_ptr<Transport> Share() override { return weak_from_this().lock(); }

  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override {
    if (!mark_.Claim()) return Foreign();
    return std::make_unique<MemoryLoop>();
  }

  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override {
    if (!mark_.Claim()) return Foreign();
    return MemoryListener::Open(*ports_, loop, endpoint, options, delegate);
  }

  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override;

 private:
  static MemoryListener* Find(const MemoryPorts& ports, const Endpoint& endpoint)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(ports.mutex) {
    const auto found = ports.listeners.find(endpoint.text());
    return found == ports.listeners.end() ? nullptr : found->second;
  }

  base::ProcessMark mark_;
  std::unique_ptr<MemoryPorts> ports_ = std::make_unique<MemoryPorts>();
};

absl::StatusOr<std::unique_ptr<Pipe>> MemoryTransport::Connect(const Endpoint& endpoint,
                                                               const ConnectOptions& options) {
  if (!mark_.Claim()) return Foreign();
  MemoryPorts& ports = *ports_;
  internal::MutexLock lock(ports.mutex);
  MemoryListener* listener = Find(ports, endpoint);
  bool in_time = true;
  while (in_time && listener != nullptr && !listener->HasRoom()) {
    in_time = lock.WaitUntil(ports.changed, options.deadline);
    listener = Find(ports, endpoint);
  }
  if (listener == nullptr) {
    return absl::UnavailableError(absl::StrCat("no server at ", endpoint.text()));
  }
  if (!listener->HasRoom()) {
    return absl::DeadlineExceededError(
        absl::StrCat("could not connect to ", endpoint.text(), ": its connection queue is full"));
  }
  auto [client, server] = MemoryPipe::NewPair();
  listener->Add(std::move(server));
  return std::move(client);
}

}  // namespace

std::unique_ptr<Transport> NewMemoryTransport() { return std::make_unique<MemoryTransport>(); }

}  // namespace piperpc::transport

namespace piperpc {

std::shared_ptr<transport::Transport> NewInProcessTransport() {
  return std::make_shared<transport::MemoryTransport>();
}

}  // namespace piperpc
