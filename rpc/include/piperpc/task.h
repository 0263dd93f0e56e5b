// Task<T>: a coroutine that gives one T. The form of unary handlers.
//
//     piperpc::Task<absl::StatusOr<Reply>> Handle(Request request) {
//       absl::StatusOr<Row> row = co_await Find(request.key());
//       if (!row.ok()) co_return row.status();
//       co_return MakeReply(*row);
//     }
//
// A status that is OK is no StatusOr: `co_return` of one throws std::logic_error out of the task,
// as abseil would end the process; of a handler, that ends the call with INTERNAL.
//
// A task is lazy: it begins when it is awaited or started, on the thread that does so. It owns its
// frame: destroying a task that has not ended destroys the frame, at the point where it waits.
// Parameters taken by reference must outlive the task; take them by value when in doubt. Tasks that
// await one another use the stack as functions do that call one another; tasks that are awaited one
// after the other do not.
//
// g++ 12 destroys twice what is made within a `co_await` or `co_yield` expression as a closure or
// as an aggregate in braces: give it a name first. clang, and newer g++, need none of that.
//
//     auto call = client.CoGreet(request, {.timeout = 1s});
//     absl::StatusOr<GreetResponse> response = co_await call;
//
// Where the library can know it, the two in one expression do not compile there.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"

namespace piperpc {

namespace internal {

template <typename T>
inline constexpr bool kIsStatusOr = false;
template <typename T>
inline constexpr bool kIsStatusOr<absl::StatusOr<T>> = true;

}  // namespace internal

template <typename T>
class [[nodiscard]] Task {
 public:
  class promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { Destroy(); }

  // Awaiting starts the task and gives its result; an exception that left the task is thrown here.
  bool await_ready() const noexcept { return false; }
  // The task runs in here until it waits for something. False: it has ended, and the awaiting
  // coroutine goes on where it is, so that the stack does not grow with the number of such tasks.
  bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
    const Handle task = handle_;
    task.promise().continuation = awaiting;
    task.resume();
    return !task.promise().Meet();
  }
  T await_resume() { return Take(); }

  // Starts the task without a coroutine around it. `done(argument)` is called when it has ended,
  // possibly before Start() returns; it may Take() the result and destroy the task.
  void Start(void (*done)(void*), void* argument) {
    handle_.promise().done = done;
    handle_.promise().argument = argument;
    handle_.resume();
  }

  // The result of a task that has ended; throws what left it. Once.
  T Take() { return std::move(handle_.promise().Result()); }

  // The same, where it is: as long as the task.
  T& Result() { return handle_.promise().Result(); }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  void Destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  Handle handle_;
};

template <typename T>
class Task<T>::promise_type {
 public:
  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(Handle handle) noexcept {
      promise_type& promise = handle.promise();
      if (promise.done != nullptr) {
        promise.done(promise.argument);  // May destroy the frame: nothing of it is touched after.
        return std::noop_coroutine();
      }
      const std::coroutine_handle<> awaiting = promise.continuation;
      if (promise.Meet()) return awaiting;
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  template <typename U>
  void return_value(U&& value) {
    if constexpr (internal::kIsStatusOr<T> &&
                  std::is_same_v<std::remove_cvref_t<U>, absl::Status>) {
      if (value.ok()) throw std::logic_error("co_return of an OK status, where a value is due");
    }
    result_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() { exception_ = std::current_exception(); }

  T& Result() {
    if (exception_) std::rethrow_exception(exception_);
    return *result_;
  }

  // The end of the task and the suspension of the coroutine that awaits it, perhaps on two threads:
  // true for the one that comes second, and has to see that this coroutine goes on. The other one
  // touches nothing any more.
  bool Meet() noexcept { return met_.exchange(true, std::memory_order_acq_rel); }

  std::coroutine_handle<> continuation = std::noop_coroutine();
  void (*done)(void*) = nullptr;
  void* argument = nullptr;

 private:
  std::optional<T> result_;
  std::exception_ptr exception_;
  std::atomic<bool> met_ = false;
};

namespace internal {

// One that is awaited by its name only.
template <typename T>
class NamedTask : public Task<T> {
 public:
  NamedTask(Task<T> task) : Task<T>(std::move(task)) {}  // NOLINT(google-explicit-constructor)

  // g++ 12 would copy the task itself.
  struct Awaiter {
    Task<T>& task;
    bool await_ready() const noexcept { return task.await_ready(); }
    bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
      return task.await_suspend(awaiting);
    }
    T await_resume() { return task.await_resume(); }
  };
  Awaiter operator co_await() & { return {*this}; }
  void operator co_await() && = delete;  // Name the task, and await it in the next statement.
};

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
inline constexpr bool kTemporariesAreDestroyedTwice = true;
#else
inline constexpr bool kTemporariesAreDestroyedTwice = false;
#endif

// A task that takes an `Argument` which may be made in the expression that awaits it.
template <typename T, typename Argument>
using TaskOf =
    std::conditional_t<kTemporariesAreDestroyedTwice && !std::is_trivially_destructible_v<Argument>,
                       NamedTask<T>, Task<T>>;

}  // namespace internal

}  // namespace piperpc
