// A unary call that ends with a callback.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "absl/functional/any_invocable.h"
#include "src/client/call.h"
#include "src/client/core.h"

namespace piperpc::client {

class AsyncCall final : public Call,
                        public internal::CallControl,
                        public Receiver,
                        public std::enable_shared_from_this<AsyncCall> {
 public:
  using Done = absl::AnyInvocable<void(absl::Status, std::span<const char>)>;

  // Begins the call; `done` follows on the loop.
  static std::shared_ptr<AsyncCall> Begin(std::shared_ptr<Core> core,
                                          const internal::ClientMethod& method,
                                          const internal::OutMessage& request,
                                          const CallOptions& options, Done done);

  AsyncCall(std::shared_ptr<Core> core, const internal::ClientMethod& method,
            const internal::OutMessage& request, const CallOptions& options, Done done);

  void Cancel() override;

 private:
  internal::OutMessage request() const override { return internal::OutMessage::Of(request_); }
  absl::Status OnMessage(wire::Bytes) override { return absl::OkStatus(); }
  void OnRetry() override { core().Launch(shared_from_this()); }
  void OnEnded(wire::Bytes reply) override;
  void Deliver() override;

  const std::shared_ptr<Core> owner_;
  RawMessage request_;
  Done done_;
  std::unique_ptr<StopLink> stop_;
  std::shared_ptr<AsyncCall> self_;  // Until it has ended.
  wire::Bytes reply_;
  std::string copy_;  // Of the reply, when it was not read on the loop.
};

}  // namespace piperpc::client
