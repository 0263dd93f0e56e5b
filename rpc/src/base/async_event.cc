#include <cstdint>
#include <utility>

#include "piperpc/async.h"

namespace piperpc {

// A waiter is known by a ticket: what was posted for one that is gone finds another number, or no
// handle, and does nothing.
struct AsyncEvent::State : std::enable_shared_from_this<State> {
  std::mutex mutex;
  bool set = false;
  bool waking = false;  // A resumption is on its way.
  std::uint64_t ticket = 0;
  std::coroutine_handle<> handle;
  Executor* executor = nullptr;

  void Resume(std::uint64_t for_ticket) {
    std::coroutine_handle<> resumed;
    {
      std::lock_guard lock(mutex);
      if (ticket == for_ticket) resumed = std::exchange(handle, nullptr);
    }
    if (resumed) resumed.resume();
  }

  // Takes the lock over, and releases it before anything runs. The executor is there as long as its
  // waiter is, and that cannot go away while the lock is held.
  void Wake(std::unique_lock<std::mutex> lock) {
    if (!handle || waking) return;
    waking = true;
    const std::uint64_t woken = ticket;
    if (executor != nullptr) {
      return executor->Post([self = shared_from_this(), woken] { self->Resume(woken); });
    }
    lock.unlock();
    Resume(woken);
  }
};

struct AsyncEvent::Waiter::OnStop {
  struct Callback {
    State* state;
    void operator()() const { state->Wake(std::unique_lock(state->mutex)); }
  };
  OnStop(const std::stop_token& stop, State* state) : callback(stop, Callback{state}) {}
  std::stop_callback<Callback> callback;
};

AsyncEvent::AsyncEvent() : state_(std::make_shared<State>()) {}

AsyncEvent::~AsyncEvent() = default;

void AsyncEvent::Set() {
  std::unique_lock lock(state_->mutex);
  state_->set = true;
  state_->Wake(std::move(lock));
}

AsyncEvent::Waiter::Waiter(std::shared_ptr<State> state, std::stop_token stop)
    : state_(std::move(state)), stop_(std::move(stop)) {}

AsyncEvent::Waiter::~Waiter() {
  on_stop_.reset();
  std::lock_guard lock(state_->mutex);
  state_->handle = nullptr;
}

bool AsyncEvent::Waiter::await_ready() {
  std::lock_guard lock(state_->mutex);
  return state_->set || stop_.stop_requested();
}

bool AsyncEvent::Waiter::await_suspend(std::coroutine_handle<> handle) {
  // The callback first: until there is a handle it does nothing, and the look below sees the stop.
  if (stop_.stop_possible()) on_stop_ = std::make_unique<OnStop>(stop_, state_.get());
  const std::shared_ptr<State> state = state_;  // The frame may be gone once the lock is released.
  std::lock_guard lock(state->mutex);
  if (state->set || stop_.stop_requested()) return false;
  ++state->ticket;
  state->waking = false;
  state->executor = Executor::Current();
  state->handle = handle;
  return true;
}

bool AsyncEvent::Waiter::await_resume() {
  on_stop_.reset();
  std::lock_guard lock(state_->mutex);
  return std::exchange(state_->set, false);
}

Task<bool> Sleep(std::chrono::steady_clock::duration delay, std::stop_token stop) {
  // Shared with the timer, which may fire after a stop has ended this.
  const auto event = std::make_shared<AsyncEvent>();
  Executor::Current()->PostAt(std::chrono::steady_clock::now() + delay, [event] { event->Set(); });
  const bool slept = co_await event->Wait(std::move(stop));
  co_return slept;
}

}  // namespace piperpc
