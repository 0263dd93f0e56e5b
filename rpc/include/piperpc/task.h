// Task<T>: a coroutine that returns one T. Unary and client-streaming handlers are such coroutines.
//
//     piperpc::Task<absl::StatusOr<Reply>> Handle(Request request) {
//       absl::StatusOr<Row> row = co_await Find(request.key());
//       if (!row.ok()) co_return row.status();
//       co_return MakeReply(*row);
//     }
//
// A StatusOr cannot hold an OK status. So `co_return absl::OkStatus()` throws std::logic_error out
// of such a task, where abseil would end the process; in a handler, that ends the call with
// INTERNAL. In a program that is compiled without exceptions it ends the process.
//
// A task is lazy: it begins when it is awaited or started, on the thread that does so. It owns its
// frame: destroying a task that has not ended destroys the frame at the point where it waits.
// Parameters taken by reference must outlive the task; take them by value when in doubt. Nested
// awaits use the stack, as nested function calls do; awaits in a loop do not.
//
// Two coroutines run side by side when one of them starts the other, and does not await it. So a
// stream is read while it is written:
//
//     piperpc::Task<bool> Say(Talk& talk);  // CoWrite() of each line, then WritesDone().
//
//     piperpc::Task<absl::Status> Converse(Talk talk) {
//       piperpc::AsyncEvent said;  // See async.h.
//       piperpc::Task<bool> saying = Say(talk);
//       saying.Start([](void* event) { static_cast<piperpc::AsyncEvent*>(event)->Set(); }, &said);
//       std::optional<Line> heard;
//       do {
//         auto next = talk.CoNext();
//         heard = co_await next;
//         if (heard.has_value()) Use(*heard);
//       } while (heard.has_value());
//       auto end = said.Wait();
//       co_await end;
//       co_return talk.status();
//     }
//
// Each of them goes on where what it awaits resumes it: in a handler, on the loop of the call; with
// SyncWait(), on the loop of the channel, after a first part on the thread that waits. A handler
// may also leave out the event, and destroy the other task where it waits (examples/proxy).
//
// g++ 12 has a bug: a closure, or an aggregate in braces, that is created within a `co_await` or
// `co_yield` expression is destroyed twice. Give it a name first. clang and newer versions of g++
// do not need that.
//
//     auto call = client.CoGreet(request, {.timeout = 1s});
//     absl::StatusOr<GreetResponse> response = co_await call;
//
// The library makes the common cases fail to compile with g++ 12: CoX(request, {…}) and
// RunBlocking(). It cannot detect others, such as options in braces that are given to a streaming
// method. When g++ 12 stops with "array used as initializer", this is the reason.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "piperpc/internal/exceptions.h"

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

  // Awaiting starts the task and returns its result; an exception that left the task is rethrown.
  bool await_ready() const noexcept { return false; }
  // Runs the task until it waits for something. False: it has ended already, and the awaiting
  // coroutine goes on without being resumed, so that the stack does not grow with each such task.
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

  // The result of a task that has ended, moved out of it; rethrows what left the task. Once.
  T Take() { return std::move(handle_.promise().Result()); }

  // The same as a reference into the task.
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
        promise.done(promise.argument);  // May destroy the frame, which must not be used after it.
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
      if (value.ok()) internal::FailLogic("co_return of an OK status instead of a value");
    }
    result_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() { exception_ = std::current_exception(); }

  T& Result() {
    if (exception_) std::rethrow_exception(exception_);
    return *result_;
  }

  // Called at the end of the task and when its awaiter suspends, perhaps on two threads. True for
  // the second of them, which must resume the awaiter; the first one must not touch the task again.
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

// A task that can be awaited only when it has a name.
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

// The task of a function with a parameter `Argument` that may be created in the awaiting
// expression.
template <typename T, typename Argument>
using TaskOf =
    std::conditional_t<kTemporariesAreDestroyedTwice && !std::is_trivially_destructible_v<Argument>,
                       NamedTask<T>, Task<T>>;

}  // namespace internal

}  // namespace piperpc
