// Task<T>: a coroutine that returns one T, or nothing: Task<void>. Unary and client-streaming
// handlers are such coroutines.
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
// Several coroutines run side by side in a WhenAll() (when_all.h), a WhenAny() (when_any.h), or a
// TaskScope (task_scope.h). So a stream is read while it is written:
//
//     piperpc::Task<void> Say(Talk& talk);   // CoWrite() of each line, then WritesDone().
//     piperpc::Task<void> Hear(Talk& talk);  // CoNext() until there is none.
//
//     piperpc::Task<absl::Status> Converse(Talk talk) {
//       auto both = piperpc::WhenAll(Say(talk), Hear(talk));
//       co_await both;
//       co_return talk.status();
//     }
//
// docs/coroutines.md shows how all of this is used.
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
//
// Another bug of g++ 12: a co_await in the condition of an `if` or of a loop, in a coroutine that
// declares no variable in the blocks around it. Such a Task or Stream ends the process when it is
// called, with a message that says so; a loop over CoNext() without a variable does not compile.
//
//     while (std::optional<Line> line = co_await reader.CoNext()) Use(*line);
//
//     const bool written = co_await write;
//     if (!written) co_return;
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/frame_check.h"

namespace piperpc {

namespace internal {

template <typename T>
inline constexpr bool kIsStatusOr = false;
template <typename T>
inline constexpr bool kIsStatusOr<absl::StatusOr<T>> = true;

// How a task has ended: the part of its promise that depends on what it returns.
template <typename T>
class TaskOutcome {
 public:
  template <typename U>
  void return_value(U&& value) {
    if constexpr (kIsStatusOr<T> && std::is_same_v<std::remove_cvref_t<U>, absl::Status>) {
      if (value.ok()) FailLogic("co_return of an OK status instead of a value");
    }
    result_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() { exception_ = std::current_exception(); }

  T& Result() {
    if (exception_) std::rethrow_exception(exception_);
    return *result_;
  }

 private:
  std::optional<T> result_;
  std::exception_ptr exception_;
};

template <>
class TaskOutcome<void> {
 public:
  void return_void() {}
  void unhandled_exception() { exception_ = std::current_exception(); }

  void Result() {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::exception_ptr exception_;
};

}  // namespace internal

template <typename T>
class [[nodiscard]] Task {
  static_assert(std::is_void_v<T> || std::is_object_v<T>,
                "Task<T>: T must be void or a type of objects; return a pointer for a reference");

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

  // Starts the task without a coroutine around it, for code that is built on tasks: others have
  // SyncWait(), WhenAll(), WhenAny() and TaskScope. `done(argument)` is called when it has ended,
  // possibly before Start() returns; it may Take() the result and destroy the task.
  void Start(void (*done)(void*), void* argument) {
    handle_.promise().done = done;
    handle_.promise().argument = argument;
    handle_.resume();
  }

  // The result of a task that has ended, moved out of it; rethrows what left the task. Once.
  T Take() {
    if constexpr (std::is_void_v<T>) {
      Result();
    } else {
      return std::move(Result());
    }
  }

  // The same as a reference into the task.
  std::add_lvalue_reference_t<T> Result() { return handle_.promise().Result(); }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  void Destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  Handle handle_;
};

template <typename T>
class Task<T>::promise_type : public internal::TaskOutcome<T> {
 public:
  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  internal::InitialSuspend<promise_type> initial_suspend() noexcept {
    return internal::InitialSuspend<promise_type>(*this);
  }

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

  // Called at the end of the task and when its awaiter suspends, perhaps on two threads. True for
  // the second of them, which must resume the awaiter; the first one must not touch the task again.
  bool Meet() noexcept { return met_.exchange(true, std::memory_order_acq_rel); }

  std::coroutine_handle<> continuation = std::noop_coroutine();
  void (*done)(void*) = nullptr;
  void* argument = nullptr;

 private:
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

inline constexpr bool kTemporariesAreDestroyedTwice = PIPERPC_GXX_12 != 0;

// The task of a function with a parameter `Argument` that may be created in the awaiting
// expression.
template <typename T, typename Argument>
using TaskOf =
    std::conditional_t<kTemporariesAreDestroyedTwice && !std::is_trivially_destructible_v<Argument>,
                       NamedTask<T>, Task<T>>;

}  // namespace internal

}  // namespace piperpc
