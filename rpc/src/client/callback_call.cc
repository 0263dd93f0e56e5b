#include "src/client/callback_call.h"

#include <utility>

#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/client/refused_call.h"

namespace piperpc::client {

CallbackCall::CallbackCall(const std::shared_ptr<Core>& core, const internal::ClientMethod& method,
                           const CallOptions& options, internal::UnaryDone&& done)
    : AsyncCallBase(core, method, options), done_(std::move(done)) {}

std::shared_ptr<internal::CallControl> CallbackCall::Begin(const std::shared_ptr<Core>& core,
                                                           const internal::ClientMethod& method,
                                                           const internal::OutMessage& request,
                                                           const CallOptions& options,
                                                           internal::UnaryDone&& done) {
  if (!core->Claim()) return RefuseUnary(options, std::move(done), Core::Foreign());
  const auto call = base::RunInMemory(
      [&] { return std::make_shared<CallbackCall>(core, method, options, std::move(done)); },
      [] { return nullptr; });
  if (call == nullptr) {
    return RefuseUnary(options, std::move(done), base::OutOfMemory("a call", sizeof(CallbackCall)));
  }
  call->Start(call, options, &request);
  return call;
}

void CallbackCall::KeepReply(wire::Bytes reply) {
  reply_ = core().delivering_on_loop() ? reply : assembler().Keep(reply);
}

void CallbackCall::OnEnded() { core().QueueCallback(LetGo()); }

void CallbackCall::Deliver() {
  AssertOwned();
  TakeStopLink();  // It was written with the lock before the call ended, or never.
  NotifyMiddleware();
  base::RunGuarded(
      [this] {
        AssertOwned();
        done_.Run(TakeStatus(), reply_);
      },
      [this](const std::exception_ptr& thrown) { core().LogThrown("callback threw", thrown); });
}

}  // namespace piperpc::client
