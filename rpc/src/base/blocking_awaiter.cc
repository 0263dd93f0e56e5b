#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/stream.h"

namespace piperpc::internal {

// Shared by the awaiter and the worker; whichever comes last lets it go.
struct BlockingAwaiter::Job : std::enable_shared_from_this<Job> {
  enum class State { kQueued, kRunning, kDone, kAbandoned };

  // On the worker.
  void Run() {
    {
      std::lock_guard lock(mutex);
      if (state == State::kAbandoned) return;
      state = State::kRunning;
    }
    absl::Status outcome;
    try {
      work();
    } catch (...) {
      outcome = StatusOfException(std::current_exception());
    }
    {
      std::lock_guard lock(mutex);
      thrown = std::move(outcome);
      state = State::kDone;
      done.notify_all();
      // The executor is there as long as the awaiting frame, which waits for this lock to go away.
      if (executor != nullptr) {
        return executor->Post([self = shared_from_this()] { self->Resume(); });
      }
    }
    Resume();
  }

  void Resume() {
    std::coroutine_handle<> resumed;
    {
      std::lock_guard lock(mutex);
      resumed = std::exchange(handle, nullptr);
    }
    if (resumed) resumed.resume();
  }

  // The awaiting frame goes away: `work` must not run any more.
  void Abandon() {
    std::unique_lock lock(mutex);
    handle = nullptr;
    if (state == State::kQueued) state = State::kAbandoned;
    done.wait(lock, [this] { return state != State::kRunning; });
  }

  std::mutex mutex;
  std::condition_variable done;
  State state = State::kQueued;
  absl::AnyInvocable<void()> work;
  absl::Status thrown;
  std::coroutine_handle<> handle;
  Executor* executor = nullptr;
};

BlockingAwaiter::BlockingAwaiter(WorkerPool& pool, absl::AnyInvocable<void()> work)
    : pool_(pool), job_(std::make_shared<Job>()) {
  job_->work = std::move(work);
}

BlockingAwaiter::~BlockingAwaiter() { job_->Abandon(); }

bool BlockingAwaiter::await_suspend(std::coroutine_handle<> handle) {
  job_->handle = handle;
  job_->executor = Executor::Current();
  // Once the pool has the job, this frame may be resumed, and gone, on another thread.
  absl::Status taken = pool_.Run([job = job_] { job->Run(); });
  if (taken.ok()) return true;
  job_->handle = nullptr;
  status_ = std::move(taken);
  return false;
}

absl::Status BlockingAwaiter::await_resume() {
  if (!status_.ok()) return std::move(status_);
  std::lock_guard lock(job_->mutex);
  return std::move(job_->thrown);
}

}  // namespace piperpc::internal
