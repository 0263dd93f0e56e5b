#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/async.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/posted_wake.h"

namespace piperpc::internal {

// Shared by the awaiter and the worker; whichever comes last lets it go.
struct BlockingAwaiter::Job : std::enable_shared_from_this<Job> {
  enum class State { kQueued, kRunning, kDone, kTakenBack };

  // On the worker.
  void Run() {
    {
      const MutexLock lock(mutex);
      if (state != State::kQueued) return;
      state = State::kRunning;
    }
    std::exception_ptr outcome;
    try {
      work();
    } catch (...) {
      outcome = std::current_exception();
    }
    work = nullptr;  // On the thread that may block.
    End(State::kDone, std::move(outcome));
  }

  void End(State how, std::exception_ptr outcome) {
    Executor::Handle resumed_on;
    {
      const MutexLock lock(mutex);
      state = how;
      thrown = std::move(outcome);
      if (!handle) return;
      resumed_on = executor;
    }
    WakeOn(resumed_on, Resumption{shared_from_this()});
  }

  struct Resumption {
    std::shared_ptr<Job> job;
    explicit operator bool() const { return job != nullptr; }
    void operator()() const { job->Resume(); }
  };

  void Resume() {
    std::coroutine_handle<> resumed;
    {
      const MutexLock lock(mutex);
      resumed = std::exchange(handle, nullptr);
    }
    if (resumed) resumed.resume();
  }

  // Nobody waits any more. True: `work` has not begun.
  bool Abandon() {
    const MutexLock lock(mutex);
    handle = nullptr;
    return state == State::kQueued;
  }

  Mutex mutex;
  State state ABSL_GUARDED_BY(mutex) = State::kQueued;
  absl::AnyInvocable<void()> work;
  std::exception_ptr thrown ABSL_GUARDED_BY(mutex);
  std::coroutine_handle<> handle ABSL_GUARDED_BY(mutex);
  Executor::Handle executor;
  WorkerPool::Ticket ticket = 0;
};

// Takes back what waits for a thread.
struct BlockingAwaiter::OnStop {
  struct Callback {
    WorkerPool& pool;
    std::shared_ptr<Job> job;
    void operator()() const {
      if (pool.TakeBack(job->ticket)) job->End(Job::State::kTakenBack, nullptr);
    }
  };
  std::optional<std::stop_callback<Callback>> callback;
};

BlockingAwaiter::BlockingAwaiter(WorkerPool& pool, absl::AnyInvocable<void()> work,
                                 std::stop_token stop)
    : pool_(pool), stop_(std::move(stop)), job_(std::make_shared<Job>()) {
  job_->work = std::move(work);
}

BlockingAwaiter::~BlockingAwaiter() {
  on_stop_.reset();
  if (job_->Abandon()) pool_.TakeBack(job_->ticket);
}

bool BlockingAwaiter::await_suspend(std::coroutine_handle<> handle) {
  if (stop_.stop_requested()) {  // It could begin before it is taken back.
    const MutexLock lock(job_->mutex);
    job_->state = Job::State::kTakenBack;
    return false;
  }
  job_->executor = Executor::CurrentHandle();
  // Without an executor the worker resumes this frame as soon as it has the handle: so nothing of
  // the frame is used once it has.
  const std::shared_ptr<Job> job = job_;
  // Its memory first: what a worker has begun must be waited for.
  if (stop_.stop_possible()) on_stop_ = std::make_unique<OnStop>();
  const absl::StatusOr<WorkerPool::Ticket> taken = pool_.Enqueue([job] { job->Run(); });
  if (!taken.ok()) {
    status_ = taken.status();
    return false;
  }
  job->ticket = *taken;
  if (on_stop_ != nullptr) on_stop_->callback.emplace(stop_, OnStop::Callback{pool_, job});
  const MutexLock lock(job->mutex);
  if (job->state == Job::State::kDone || job->state == Job::State::kTakenBack) return false;
  job->handle = handle;
  return true;
}

absl::Status BlockingAwaiter::await_resume() {
  if (!status_.ok()) return std::move(status_);
  on_stop_.reset();
  const MutexLock lock(job_->mutex);
  if (job_->thrown) std::rethrow_exception(std::exchange(job_->thrown, nullptr));
  if (job_->state == Job::State::kTakenBack) {
    return absl::CancelledError("the call ended before a worker thread was free");
  }
  return absl::OkStatus();
}

}  // namespace piperpc::internal
