// The transport of Windows: named pipes on completion ports.
#pragma once

#include "src/transport/transport.h"
#include "src/transport/win32/pipe_calls.h"

namespace piperpc::transport {

class NamedPipeTransport final : public Transport {
 public:
  // `calls` must outlive it and all that it makes.
  explicit NamedPipeTransport(PipeCalls& calls) : calls_(calls) {}

  std::string_view name() const override { return "iocp"; }
  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override;
  absl::Status CheckAccess(const Endpoint& endpoint, const Access& access) override;
  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override;
  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override;

 private:
  PipeCalls& calls_;
};

}  // namespace piperpc::transport
