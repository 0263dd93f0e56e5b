#include "src/client/async_call_base.h"

#include <utility>

#include "src/base/memory.h"
#include "src/wire/limits.h"

namespace piperpc::client {

AsyncCallBase::AsyncCallBase(const std::shared_ptr<Core>& core,
                             const internal::ClientMethod& method, const CallOptions& options)
    : Call(*core, method, options), owner_(core) {
  if (method.copy_name) {
    own_name_ = std::make_unique<const std::string>(method.name);
    MoveName(*own_name_);
  }
}

// Copies the request, which the caller may destroy before the call ends. Not one that the server
// would refuse for its size.
absl::Status AsyncCallBase::KeepRequest(const internal::OutMessage& request) {
  if (request.size() > wire::kEarlyMessageBytes) {
    if (absl::Status fits = core().CheckSize(request.size()); !fits.ok()) return fits;
  }
  return base::RunInMemory(
      [&] {
        request_.bytes.resize(request.size());
        request.WriteTo(request_.bytes.data());
        return absl::OkStatus();
      },
      [&] { return base::OutOfMemory("a request", request.size()); });
}

void AsyncCallBase::Start(const std::shared_ptr<AsyncCallBase>& self, const CallOptions& options,
                          const internal::OutMessage* request) {
  absl::Status prepared = Prepare(options, request);
  if (prepared.ok() && request != nullptr) prepared = KeepRequest(*request);
  KeepAlive(self);
  std::unique_ptr<StopLink> stop;
  base::RunInMemory(
      [&] { stop = StopLink::Make(options.stop, *this); },
      [&] { prepared.Update(base::OutOfMemory("a stop callback", sizeof(StopLink))); });
  const Core::Lock lock(core());
  CountStart();
  if (ended()) return;  // The stop was quicker; the loop may be delivering that.
  stop_ = std::move(stop);
  if (prepared.ok()) {
    core().Launch(*this);
  } else {
    End(std::move(prepared));
  }
}

void AsyncCallBase::KeepAlive(const std::shared_ptr<AsyncCallBase>& self) {
  AssertOwned();
  self_ = self;
}

std::shared_ptr<PendingCallback> AsyncCallBase::LetGo() {
  core().DoNotConnectFor(*this);
  return std::move(self_);
}

}  // namespace piperpc::client
