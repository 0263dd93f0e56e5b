#include <condition_variable>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/async.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/posted_wake.h"
#include "src/base/clock.h"
#include "src/base/exceptions.h"

namespace piperpc {

// A waiter is known by a ticket: what was posted for one that is gone finds another number, or no
// handle, and does nothing.
struct AsyncEvent::State : std::enable_shared_from_this<State> {
  internal::Mutex mutex;
  bool set ABSL_GUARDED_BY(mutex) = false;
  bool waking ABSL_GUARDED_BY(mutex) = false;  // A resumption is on its way.
  std::uint64_t ticket ABSL_GUARDED_BY(mutex) = 0;
  std::coroutine_handle<> handle ABSL_GUARDED_BY(mutex);
  Executor::Handle executor ABSL_GUARDED_BY(mutex);

  void Resume(std::uint64_t for_ticket) {
    std::coroutine_handle<> resumed;
    {
      const internal::MutexLock lock(mutex);
      if (ticket == for_ticket) resumed = std::exchange(handle, nullptr);
    }
    if (resumed) resumed.resume();
  }

  // Releases the lock before anything runs or is posted.
  void Wake(bool to_be_set) {
    internal::MutexLock lock(mutex);
    set = set || to_be_set;
    if (!handle || waking) return;
    waking = true;
    const std::uint64_t woken = ticket;
    const Executor::Handle resumes_on = std::move(executor);
    auto self = shared_from_this();  // The event may go away once the lock is released.
    lock.Unlock();
    try {
      internal::WakeOn(resumes_on, Resumption{self, woken});
    } catch (...) {
      self->TakeBackWake(resumes_on, woken);
      throw;
    }
  }

  // It could not be posted, for lack of memory: the next Set() tries it again.
  void TakeBackWake(const Executor::Handle& resumes_on, std::uint64_t woken) {
    const internal::MutexLock lock(mutex);
    if (ticket != woken || !handle) return;
    executor = resumes_on;
    waking = false;
  }

  struct Resumption {
    std::shared_ptr<State> state;
    std::uint64_t ticket;
    explicit operator bool() const { return state != nullptr; }
    void operator()() const { state->Resume(ticket); }
  };
};

struct AsyncEvent::Waiter::OnStop {
  struct Callback {
    State* state;
    void operator()() const { state->Wake(false); }
  };
  OnStop(const std::stop_token& stop, State* state) : callback(stop, Callback{state}) {}
  std::stop_callback<Callback> callback;
};

AsyncEvent::AsyncEvent() : state_(std::make_shared<State>()) {}

AsyncEvent::~AsyncEvent() = default;

void AsyncEvent::Set() { state_->Wake(true); }

AsyncEvent::Waiter::Waiter(std::shared_ptr<State> state, std::stop_token stop)
    : state_(std::move(state)), stop_(std::move(stop)) {}

AsyncEvent::Waiter::~Waiter() {
  on_stop_.reset();
  const internal::MutexLock lock(state_->mutex);
  state_->handle = nullptr;
}

bool AsyncEvent::Waiter::await_ready() {
  const internal::MutexLock lock(state_->mutex);
  return state_->set || stop_.stop_requested();
}

bool AsyncEvent::Waiter::await_suspend(std::coroutine_handle<> handle) {
  // The callback first: until there is a handle it does nothing, and the look below sees the stop.
  if (stop_.stop_possible()) on_stop_ = std::make_unique<OnStop>(stop_, state_.get());
  const std::shared_ptr<State> state = state_;  // The frame may be gone once the lock is released.
  const internal::MutexLock lock(state->mutex);
  if (state->set || stop_.stop_requested()) return false;
  ++state->ticket;
  state->waking = false;
  state->executor = Executor::CurrentHandle();
  state->handle = handle;
  return true;
}

bool AsyncEvent::Waiter::await_resume() {
  on_stop_.reset();
  const internal::MutexLock lock(state_->mutex);
  return std::exchange(state_->set, false);
}

Timer::Timer(std::chrono::steady_clock::time_point when, absl::AnyInvocable<void()> work)
    : executor_(Executor::CurrentHandle()) {
  if (!executor_) return;
  id_ = Executor::Current()->PostAt(when, std::move(work));
}

Timer::~Timer() {
  if (id_ != 0) executor_.CancelTimer(id_);
}

namespace {

// On a thread that is no executor's there is nothing else to do meanwhile.
bool SleepHere(base::TimePoint when, const std::stop_token& stop) {
  internal::Mutex mutex;
  std::condition_variable_any stopped;
  const internal::MutexLock lock(mutex);
  const auto never = [] { return false; };
  if (when == base::kNever) {
    stopped.wait(mutex, stop, never);
  } else {
    stopped.wait_until(mutex, stop, when, never);
  }
  return !stop.stop_requested();
}

struct Sleeper {
  AsyncEvent event;
  bool time_is_over = false;
};

// The executor runs it when the time has come, and destroys it when it ends before that.
class EndOfSleep {
 public:
  explicit EndOfSleep(std::shared_ptr<Sleeper> sleeper) : sleeper_(std::move(sleeper)) {}
  EndOfSleep(EndOfSleep&&) noexcept = default;
  EndOfSleep& operator=(EndOfSleep&&) = delete;
  ~EndOfSleep() {
    if (sleeper_ != nullptr) base::RunSilently([this] { sleeper_->event.Set(); });
  }
  void operator()() {
    const std::shared_ptr<Sleeper> sleeper = std::move(sleeper_);
    sleeper->time_is_over = true;
    sleeper->event.Set();
  }

 private:
  std::shared_ptr<Sleeper> sleeper_;
};

}  // namespace

Task<bool> Sleep(std::chrono::steady_clock::duration delay, std::stop_token stop) {
  const Executor* const executor = Executor::Current();
  if (executor == nullptr) co_return SleepHere(base::After(delay), stop);
  const base::TimePoint when = base::After(delay, executor->Now());
  const auto sleeper = std::make_shared<Sleeper>();
  const Timer timer(when, EndOfSleep(sleeper));
  const bool woken = co_await sleeper->event.Wait(std::move(stop));
  co_return woken && sleeper->time_is_over;
}

}  // namespace piperpc
