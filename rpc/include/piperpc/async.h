// What coroutine handlers wait with.
//
//     auto work = piperpc::RunBlocking(context.workers(), [password] { return Hash(password); });
//     absl::StatusOr<std::string> hash = co_await work;
//
// In two steps, for g++ 12: see task.h.
//
// Whatever is awaited here resumes on the executor that awaited it (Executor::Current()), or, when
// there was none, on the thread that made it ready. An awaiting frame may be destroyed at any time
// on that executor; it is not resumed then.
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
#include "piperpc/internal/mutex.h"
#include "piperpc/task.h"

namespace piperpc {

// A flag that one coroutine waits for. Set() from any thread wakes it, or lets the next Wait() pass
// at once; a Wait() that passes clears the flag.
class AsyncEvent {
  struct State;

 public:
  AsyncEvent();
  ~AsyncEvent();  // Nobody waits any more.
  AsyncEvent(const AsyncEvent&) = delete;
  AsyncEvent& operator=(const AsyncEvent&) = delete;

  void Set();

  // co_await gives true when the event was set, false when `stop` was asked to stop first. One
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

// Posts `work` to the current executor at `when`, unless it goes away before: then `work` is
// destroyed. Lives on the executor's thread; where there is no executor it does nothing.
class Timer {
 public:
  Timer(std::chrono::steady_clock::time_point when, absl::AnyInvocable<void()> work);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  const Executor::Handle executor_;
  Executor::TimerId id_ = 0;
};

// Waits for `delay`; duration::max() is for ever, and so is what the clock cannot count. False when
// `stop` came first. On a thread that is no executor's it blocks that thread.
Task<bool> Sleep(std::chrono::steady_clock::duration delay, std::stop_token stop = {});

// A bounded number of threads for work that blocks, with a bounded queue in front of them.
//
// Several users may share it, each by a part of its own: their work is served round robin. A part
// may hold as many places of the queue as are free at that moment, so that a single one has half of
// them and there is always room for the next; and three quarters of the threads.
class WorkerPool {
 public:
  // Threads are started as they are needed, up to `threads` (at least 1).
  WorkerPool(std::size_t threads, std::size_t queue_limit);

  // The part of `user`, who is named in errors. It may outlive `whole`, which takes no work then.
  WorkerPool(WorkerPool& whole, std::string_view user);

  // As Stop(). On a thread of its own, and on that of an event loop, it waits for nothing: what is
  // queued still runs. So it does at the end of a part.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // RESOURCE_EXHAUSTED names the limit when the queue is full or a part holds its share of it, or
  // the system's reason when it refuses the first thread; UNAVAILABLE after Stop();
  // FAILED_PRECONDITION in a child of fork(), when it was used before. An exception that leaves
  // `work` is dropped. Any thread.
  absl::Status Run(absl::AnyInvocable<void()> work) { return Enqueue(std::move(work)).status(); }

  // The same, and gives a ticket for TakeBack().
  using Ticket = std::uint64_t;
  absl::StatusOr<Ticket> Enqueue(absl::AnyInvocable<void()> work);

  // Takes work out of the queue, and destroys it. False: it has begun, or has ended. Any thread.
  bool TakeBack(Ticket ticket);

  // Runs what is queued, ends the threads and waits for them, until `limit` at the most; on a
  // thread of its own, and on that of an event loop, not at all. False: something still runs; call
  // it again. A part stops nothing, and says false.
  bool Stop(
      std::chrono::steady_clock::time_point limit = std::chrono::steady_clock::time_point::max());

  // True while any part of the whole has work that runs, or waits for a thread. Any thread.
  bool busy() const;

  // True on one of the threads.
  bool IsOwnThread() const;

 private:
  class Impl;
  struct Part;
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<Part> part_;
  const bool whole_;
};

namespace internal {

// Runs `work` on `pool`; ready when it has run, or, when it has not begun by then, as soon as
// `stop` is asked to stop. Destroying the awaiter waits for nothing: work that has begun goes on,
// other work is not run.
class [[nodiscard]] BlockingAwaiter {
 public:
  BlockingAwaiter(WorkerPool& pool, absl::AnyInvocable<void()> work, std::stop_token stop);
  ~BlockingAwaiter();
  BlockingAwaiter(const BlockingAwaiter&) = delete;
  BlockingAwaiter& operator=(const BlockingAwaiter&) = delete;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle);
  absl::Status await_resume();  // Not OK: the work was not run. Throws what it threw.

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

// Runs `work()` on `pool` and gives what it returned, an absl::Status or an absl::StatusOr<T>. When
// the pool refuses, its status; when `stop` was asked to stop before `work` had begun, CANCELLED.
// An exception of `work` is thrown again where the task is awaited.
//
// `work` must own what it uses, or use what outlives the pool: it goes on when the frame that
// awaits it is destroyed, for nothing can take it off its thread.
//
// It gives a Task<Result>. With g++ 12 one that has a name must be awaited, where `work` has
// anything to destroy: `co_await RunBlocking(...)` does not compile then.
template <typename Work, typename Result = typename internal::ResultOfWork<Work>::Type>
internal::TaskOf<Result, Work> RunBlocking(WorkerPool& pool, Work work, std::stop_token stop = {}) {
  return internal::RunOnWorker<Work, Result>(pool, std::move(work), std::move(stop));
}

namespace internal {

// The end of a task, for a thread that waits for it. Throws std::logic_error on an event loop.
class TaskEnd {
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

// Runs a coroutine from a thread that is not one, such as that of main() or of a test, blocks until
// it has ended, and returns its result; throws what left it.
//
//     absl::StatusOr<GreetResponse> response = piperpc::SyncWait(client.CoGreet(request));
//
// The coroutine begins on this thread, and goes on where what it awaits resumes it: on the loop of
// a client's channel, for one. Throws std::logic_error on the thread of an event loop.
template <typename T>
T SyncWait(Task<T> task) {
  internal::TaskEnd end;
  task.Start(&internal::TaskEnd::Set, &end);
  end.Wait();
  return task.Take();
}

}  // namespace piperpc
