#include "piperpc/executor.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"

namespace piperpc {
namespace {

thread_local Executor* current = nullptr;

}  // namespace

// What handles share with their executor. Whoever posts holds the lock, so the executor does not go
// away meanwhile.
struct Executor::Gate {
  internal::Mutex mutex;
  Executor* executor ABSL_GUARDED_BY(mutex) = nullptr;  // Null: gone.
};

Executor::Executor() : gate_(std::make_shared<Gate>()) {
  const internal::MutexLock lock(gate_->mutex);
  gate_->executor = this;
}

Executor::~Executor() { CloseHandles(); }

void Executor::CloseHandles() {
  const internal::MutexLock lock(gate_->mutex);
  gate_->executor = nullptr;
}

Executor* Executor::Current() { return current; }

Executor::Handle Executor::CurrentHandle() {
  return current == nullptr ? Handle() : current->handle();
}

bool Executor::Handle::TryToPost(absl::AnyInvocable<void()>& work) const {
  if (gate_ == nullptr) return false;
  const internal::MutexLock lock(gate_->mutex);
  if (gate_->executor == nullptr) return false;
  gate_->executor->Post(std::move(work));
  return true;
}

bool Executor::Handle::Post(absl::AnyInvocable<void()> work) const { return TryToPost(work); }

void Executor::Handle::PostOrRun(absl::AnyInvocable<void()> work) const {
  if (!TryToPost(work)) work();
}

// On the executor's own thread the work goes away in here, and may come back to this handle: so
// without the lock. Nobody else ends the executor meanwhile.
void Executor::Handle::CancelTimer(TimerId timer) const {
  if (gate_ == nullptr) return;
  internal::MutexLock lock(gate_->mutex);
  Executor* const executor = gate_->executor;
  if (executor == nullptr) return;
  if (executor != current) return executor->CancelTimer(timer);
  lock.Unlock();
  executor->CancelTimer(timer);
}

Executor::Scope::Scope(Executor* executor) : previous_(current) { current = executor; }

Executor::Scope::~Scope() { current = previous_; }

}  // namespace piperpc
