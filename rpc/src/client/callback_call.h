// A unary call that ends with a callback.
#pragma once

#include <memory>

#include "src/client/async_call_base.h"

namespace piperpc::client {

class CallbackCall final : public AsyncCallBase, public internal::CallControl {
 public:
  // Begins the call; `done`, which is taken, follows on the loop, or at once when the channel is
  // another process's, or when there is no memory for the request.
  static std::shared_ptr<internal::CallControl> Begin(const std::shared_ptr<Core>& core,
                                                      const internal::ClientMethod& method,
                                                      const internal::OutMessage& request,
                                                      const CallOptions& options,
                                                      internal::UnaryDone&& done);

  CallbackCall(const std::shared_ptr<Core>& core, const internal::ClientMethod& method,
               const CallOptions& options, internal::UnaryDone&& done);

  void Cancel() override CHANNEL_UNLOCKED { EndForCaller(); }

 private:
  absl::Status OnMessage(wire::Bytes) override CHANNEL_LOCKED { return absl::OkStatus(); }
  void KeepReply(wire::Bytes reply) override CHANNEL_LOCKED;
  void OnEnded() override CHANNEL_LOCKED;
  void Deliver() override CHANNEL_UNLOCKED;

  internal::UnaryDone done_;
  wire::Bytes reply_ CHANNEL_GUARDED;
};

}  // namespace piperpc::client
