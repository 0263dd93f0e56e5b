#include "src/client/async_call_base.h"

#include <utility>

namespace piperpc::client {

AsyncCallBase::AsyncCallBase(const std::shared_ptr<Core>& core,
                             const internal::ClientMethod& method,
                             const internal::OutMessage* request, const CallOptions& options)
    : Call(*core, method, options), owner_(core) {
  if (method.copy_name) {
    own_name_ = std::make_unique<const std::string>(method.name);
    MoveName(*own_name_);
  }
  if (request == nullptr) return;
  request_.bytes.resize(request->size());
  request->WriteTo(request_.bytes.data());
}

void AsyncCallBase::Start(const std::shared_ptr<AsyncCallBase>& self, const CallOptions& options,
                          const internal::OutMessage* request) {
  self_ = self;
  absl::Status prepared = Prepare(options, request);
  auto stop = StopLink::Make(options.stop, *this);
  const Core::Lock lock(core());
  if (ended()) return;  // The stop was quicker; the loop may be delivering that.
  stop_ = std::move(stop);
  if (prepared.ok()) {
    core().Launch(*this);
  } else {
    End(std::move(prepared));
  }
}

std::shared_ptr<PendingCallback> AsyncCallBase::LetGo() {
  core().DoNotConnectFor(*this);
  return std::move(self_);
}

// It was written with the lock before the call ended, or never.
void AsyncCallBase::Unlink() { stop_.reset(); }

}  // namespace piperpc::client
