#include "src/client/async_call.h"

#include <utility>

namespace piperpc::client {

AsyncCall::AsyncCall(std::shared_ptr<Core> core, const internal::ClientMethod& method,
                     const internal::OutMessage& request, const CallOptions& options, Done done)
    : Call(*core, method, options), owner_(std::move(core)), done_(std::move(done)) {
  request_.bytes.resize(request.size());
  request.WriteTo(request_.bytes.data());
}

std::shared_ptr<AsyncCall> AsyncCall::Begin(std::shared_ptr<Core> core,
                                            const internal::ClientMethod& method,
                                            const internal::OutMessage& request,
                                            const CallOptions& options, Done done) {
  auto call =
      std::make_shared<AsyncCall>(std::move(core), method, request, options, std::move(done));
  call->self_ = call;
  absl::Status prepared = call->Prepare(options);
  auto stop = StopLink::Make(options.stop, *call);
  const Core::Lock lock(call->core());
  call->stop_ = std::move(stop);
  if (prepared.ok()) {
    call->core().Launch(call);
  } else {
    call->End(std::move(prepared));
  }
  return call;
}

void AsyncCall::Cancel() {
  const Core::Lock lock(core());
  core().EndEarly(*this, absl::CancelledError("the caller cancelled the call"));
}

void AsyncCall::OnEnded(wire::Bytes reply) {
  reply_ = reply;
  if (status().ok() && !core().delivering_on_loop()) {
    copy_ = assembly.Take(reply);
    reply_ = copy_;
  }
  core().Defer(std::move(self_));
}

void AsyncCall::Deliver() {
  std::unique_ptr<StopLink> stop;
  {
    const Core::Lock lock(core());
    stop = std::move(stop_);
  }
  stop.reset();
  Conclude();
  Done done = std::move(done_);
  done(TakeStatus(), reply_);
}

}  // namespace piperpc::client
