// The transport inside a process.
#include "src/transport/transport.h"

#include "absl/strings/str_cat.h"
#include "piperpc/in_process.h"
#include "src/transport/memory/listener.h"
#include "src/transport/memory/loop.h"

namespace piperpc::transport {
namespace {

class MemoryTransport final : public Transport,
                              public std::enable_shared_from_this<MemoryTransport> {
 public:
  std::string_view name() const override { return "memory"; }

  absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) const override {
    return Endpoint::InProcess(text);
  }

  std::shared_ptr<Transport> Share() override { return weak_from_this().lock(); }

  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override {
    return std::make_unique<MemoryLoop>();
  }

  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override {
    return MemoryListener::Open(ports_, loop, endpoint, options, delegate);
  }

  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override;

 private:
  MemoryListener* Find(const Endpoint& endpoint) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(ports_.mutex) {
    const auto found = ports_.listeners.find(endpoint.text());
    return found == ports_.listeners.end() ? nullptr : found->second;
  }

  MemoryPorts ports_;
};

absl::StatusOr<std::unique_ptr<Pipe>> MemoryTransport::Connect(const Endpoint& endpoint,
                                                               const ConnectOptions& options) {
  internal::MutexLock lock(ports_.mutex);
  MemoryListener* listener = Find(endpoint);
  bool in_time = true;
  while (in_time && listener != nullptr && !listener->HasRoom()) {
    in_time = lock.WaitUntil(ports_.changed, options.deadline);
    listener = Find(endpoint);
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
