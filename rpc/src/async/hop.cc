#include "piperpc/internal/hop.h"

#include "piperpc/internal/posted_wake.h"
#include "src/base/exceptions.h"

namespace piperpc::internal {

struct Hop::Beginning {
  std::shared_ptr<Hop> hop;
  explicit operator bool() const { return hop != nullptr; }
  void operator()() const { hop->Begin(); }
};

struct Hop::Resumption {
  std::shared_ptr<Hop> hop;
  explicit operator bool() const { return hop != nullptr; }
  void operator()() const { hop->Resume(); }
};

// The frame may be gone as soon as the work is posted.
void Hop::Awaiter::await_suspend(std::coroutine_handle<> awaiting) {
  const std::shared_ptr<Hop> hop = hop_;
  hop->home_ = Executor::CurrentHandle();
  {
    const MutexLock lock(hop->mutex_);
    hop->awaiting_ = awaiting;
  }
  WakeOn(hop->target_, Beginning{hop});
}

void Hop::Begin() {
  bool abandoned = false;
  {
    const MutexLock lock(mutex_);
    abandoned = abandoned_;
    state_ = abandoned ? State::kEnded : State::kRunning;
  }
  if (abandoned) return DestroyTask();
  self_ = shared_from_this();
  StartTask();
}

void Hop::OnEnd() {
  const std::shared_ptr<Hop> self = std::move(self_);
  {
    const MutexLock lock(mutex_);
    state_ = State::kEnded;
    if (!awaiting_) return;
  }
  WakeOn(home_, Resumption{self});
}

void Hop::Resume() {
  std::coroutine_handle<> resumed;
  {
    const MutexLock lock(mutex_);
    resumed = std::exchange(awaiting_, nullptr);
  }
  if (resumed) resumed.resume();
}

// Where it cannot be posted, because the executor has ended, or for lack of memory, the task goes
// on to its end.
void Hop::Abandon() {
  {
    const MutexLock lock(mutex_);
    awaiting_ = nullptr;
    abandoned_ = true;
    if (state_ != State::kRunning) return;
  }
  base::RunSilently([this] { target_.Post([hop = shared_from_this()] { hop->DestroyEarly(); }); });
}

void Hop::DestroyEarly() {
  {
    const MutexLock lock(mutex_);
    if (std::exchange(state_, State::kEnded) == State::kEnded) return;
  }
  DestroyTask();
  self_.reset();  // Not the last: this runs for another one.
}

}  // namespace piperpc::internal
