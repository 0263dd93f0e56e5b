// What coroutines can wait for: events, timers, and work on other threads.
//
//     auto work = piperpc::RunBlocking(context.workers(), [password] { return Hash(password); });
//     absl::StatusOr<std::string> hash = co_await work;
//
// The two steps are for g++ 12: see task.h.
//
// A coroutine that awaits something of this header is resumed on the executor where it was
// suspended (Executor::Current()), or, when there was none, on the thread that makes it ready. Its
// frame may be destroyed on that executor at any time; then it is not resumed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/executor.h"
#include "piperpc/export.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/task.h"

namespace piperpc {

// A flag that one coroutine can wait for. Set(), on any thread, resumes the waiting coroutine, or
// lets the next Wait() return at once; both clear the flag.
class PIPERPC_EXPORT AsyncEvent {
  struct State;

 public:
  AsyncEvent();
  ~AsyncEvent();  // Nobody may be waiting.
  AsyncEvent(const AsyncEvent&) = delete;
  AsyncEvent& operator=(const AsyncEvent&) = delete;

  void Set();

  // co_await returns true when the event is set, false when `stop` was requested to stop first. One
  // waiter at a time.
  class [[nodiscard]] Waiter {
   public:
    Waiter(std::shared_ptr<State> state, std::stop_token stop);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    bool await_ready();
    bool await_suspend(std::coroutine_handle<> handle);
    bool await_resume();

   private:
    struct OnStop;
    std::shared_ptr<State> state_;
    std::stop_token stop_;
    std::unique_ptr<OnStop> on_stop_;
  };
  Waiter Wait(std::stop_token stop = {}) { return Waiter(state_, std::move(stop)); }

 private:
  std::shared_ptr<State> state_;
};

// Posts `work` to the current executor at `when`. Destroying the timer before that destroys `work`.
// To be used on the executor's thread; on a thread without an executor it does nothing.
class PIPERPC_EXPORT Timer {
 public:
  Timer(std::chrono::steady_clock::time_point when, absl::AnyInvocable<void()> work);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  const Executor::Handle executor_;
  Executor::TimerId id_ = 0;
};

// Waits for `delay`; duration::max(), and anything else beyond the clock's range, is for ever.
// Returns false when `stop` was requested, or the executor ended, first. Blocks a thread that has
// no executor.
PIPERPC_EXPORT Task<bool> Sleep(std::chrono::steady_clock::duration delay,
                                std::stop_token stop = {});

// A pool with a bounded number of threads for work that blocks, and a bounded queue.
//
// Several users can share a pool, each through a part of its own, and are served round robin. A
// part may use three quarters of the threads, and as many places in the queue as are free at that
// moment: a single one gets half of the queue, and there is always a place for the next.
class PIPERPC_EXPORT WorkerPool {
 public:
  // Threads are started as they are needed, up to `threads` (at least 1); up to `queue_limit`
  // pieces of work wait for one. Errors call the two limits by the names given here, which should
  // be those of the options that set them.
  WorkerPool(std::size_t threads, std::size_t queue_limit,
             std::string_view threads_name = "threads",
             std::string_view queue_limit_name = "queue_limit");

  // The share of `user` in `whole`; errors name the user. May outlive `whole`: then it refuses all
  // work.
  WorkerPool(WorkerPool& whole, std::string_view user);

  // As Stop(). Does not wait when it runs on a thread of the pool or of an event loop, or when this
  // is a user's share; what is queued still runs.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs `work` on one of the threads. An exception that leaves it is dropped. Any thread.
  //   RESOURCE_EXHAUSTED: the queue is full, the user's share of it is, or the system refuses the
  //     first thread; the text names the limit.
  //   UNAVAILABLE: after Stop().
  //   FAILED_PRECONDITION: in a child of fork(), when the pool was used before.
  absl::Status Run(absl::AnyInvocable<void()> work) { return Enqueue(std::move(work)).status(); }

  // The same, and returns a ticket for TakeBack().
  using Ticket = std::uint64_t;
  absl::StatusOr<Ticket> Enqueue(absl::AnyInvocable<void()> work);

  // Removes work from the queue and destroys it. False: it has begun or ended. Any thread.
  bool TakeBack(Ticket ticket);

  // Refuses further work, runs what is queued, and waits for the threads to end, at most until
  // `limit`; on a thread of the pool or of an event loop it does not wait. False: something still
  // runs, so call it again. A part cannot stop the pool: false.
  bool Stop(
      std::chrono::steady_clock::time_point limit = (std::chrono::steady_clock::time_point::max)());

  // True while work of any part runs or is queued. Any thread.
  bool busy() const;

  // True on a thread of the pool.
  bool IsOwnThread() const;

 private:
  class Impl;
  struct Part;
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<Part> part_;
  const bool whole_;
};

namespace internal {

// Runs `work` on `pool`. Ready when it has run, or, when it has not begun by then, as soon as
// `stop` is requested to stop. Destroying the awaiter does not wait: work that has begun goes on,
// other work does not run.
class [[nodiscard]] PIPERPC_EXPORT BlockingAwaiter {
 public:
  BlockingAwaiter(WorkerPool& pool, absl::AnyInvocable<void()> work, std::stop_token stop);
  ~BlockingAwaiter();
  BlockingAwaiter(const BlockingAwaiter&) = delete;
  BlockingAwaiter& operator=(const BlockingAwaiter&) = delete;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle);
  absl::Status await_resume();  // Not OK: the work did not run. Rethrows what it threw.

 private:
  struct Job;
  struct OnStop;
  WorkerPool& pool_;
  const std::stop_token stop_;
  std::shared_ptr<Job> job_;
  std::unique_ptr<OnStop> on_stop_;
  absl::Status status_;
};

template <typename T>
inline constexpr bool kIsResult = std::is_same_v<T, absl::Status>;
template <typename T>
inline constexpr bool kIsResult<absl::StatusOr<T>> = true;

template <typename Work>
struct ResultOfWork {
  using Type = std::invoke_result_t<Work&>;
  static_assert(kIsResult<Type>,
                "RunBlocking(): what the work returns must be an absl::Status or an "
                "absl::StatusOr<T>, for the pool may refuse to run it");
};

template <typename Work, typename Result>
Task<Result> RunOnWorker(WorkerPool& pool, Work work, std::stop_token stop) {
  auto result = std::make_shared<std::optional<Result>>();
  BlockingAwaiter awaiter(
      pool, [result, work = std::move(work)]() mutable { result->emplace(work()); },
      std::move(stop));
  absl::Status status = co_await awaiter;
  if (!status.ok()) co_return Result(std::move(status));
  co_return **std::move(result);
}

}  // namespace internal

// Runs `work()` on a thread of `pool` and returns its result, an absl::Status or an
// absl::StatusOr<T>; the pool's status when it refuses the work; CANCELLED when `stop` was
// requested to stop before `work` began. An exception of `work` is rethrown where the task is
// awaited.
//
// `work` must own what it uses, or use what outlives the pool: nothing can take it off its thread,
// so it goes on when the frame that awaits it is destroyed.
//
// Returns a Task<Result>. With g++ 12, and a `work` that has a destructor, the task needs a name
// before it is awaited: `co_await RunBlocking(...)` does not compile then.
template <typename Work, typename Result = typename internal::ResultOfWork<Work>::Type>
internal::TaskOf<Result, Work> RunBlocking(WorkerPool& pool, Work work, std::stop_token stop = {}) {
  return internal::RunOnWorker<Work, Result>(pool, std::move(work), std::move(stop));
}

namespace internal {

// The end of a task, for a thread that waits for it. Throws std::logic_error on an event loop.
class PIPERPC_EXPORT TaskEnd {
 public:
  TaskEnd();
  static void Set(void* self);
  void Wait();

 private:
  Mutex mutex_;
  std::condition_variable changed_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace internal

// Runs a coroutine from ordinary code, such as main() or a test: blocks until the coroutine has
// ended and returns its result, or rethrows what left it.
//
//     absl::StatusOr<GreetResponse> response = piperpc::SyncWait(client.CoGreet(request));
//
// The coroutine begins on this thread and goes on wherever it is resumed, for example on the event
// loop of a channel; when that has ended, on the thread that has ended it, or on the next loop that
// it waits for. Throws std::logic_error on the thread of an event loop.
template <typename T>
T SyncWait(Task<T> task) {
  internal::TaskEnd end;
  task.Start(&internal::TaskEnd::Set, &end);
  end.Wait();
  return task.Take();
}

}  // namespace piperpc
