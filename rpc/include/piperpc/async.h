// What coroutine handlers wait with.
//
//     absl::StatusOr<std::string> hash =
//         co_await piperpc::RunBlocking(context.workers(), [&] { return Hash(password); });
//
// Whatever is awaited here resumes on the executor that awaited it (Executor::Current()), or, when
// there was none, on the thread that made it ready. An awaiting frame may be destroyed at any time
// on that executor; it is not resumed then.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <type_traits>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/executor.h"
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

// Waits for `delay`. False when `stop` came first. Only on an executor.
Task<bool> Sleep(std::chrono::steady_clock::duration delay, std::stop_token stop = {});

// A bounded number of threads for work that blocks, with a bounded queue in front of them.
class WorkerPool {
 public:
  // Threads are started as they are needed, up to `threads` (at least 1).
  WorkerPool(std::size_t threads, std::size_t queue_limit);
  ~WorkerPool();  // As Stop().
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // RESOURCE_EXHAUSTED names the limit when the queue is full; UNAVAILABLE after Stop(). Any
  // thread.
  absl::Status Run(absl::AnyInvocable<void()> work);

  // Runs what is queued, ends the threads and waits for them. Not on one of them.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

namespace internal {

// Runs `work` on `pool`; ready when it has run. The frame that awaits owns what `work` refers to,
// so destroying it waits for work that has begun.
class [[nodiscard]] BlockingAwaiter {
 public:
  BlockingAwaiter(WorkerPool& pool, absl::AnyInvocable<void()> work);
  ~BlockingAwaiter();
  BlockingAwaiter(const BlockingAwaiter&) = delete;
  BlockingAwaiter& operator=(const BlockingAwaiter&) = delete;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle);
  absl::Status await_resume();  // Not OK: the pool did not take the work, it was not run.

 private:
  struct Job;
  WorkerPool& pool_;
  std::shared_ptr<Job> job_;
  absl::Status status_;
};

}  // namespace internal

// Runs `work()` on `pool` and gives what it returned, an absl::Status or an absl::StatusOr<T>. When
// the pool refuses, its status. An exception of `work` becomes INTERNAL. `work` may refer to the
// awaiting coroutine's variables.
template <typename Work, typename Result = std::invoke_result_t<Work&>>
Task<Result> RunBlocking(WorkerPool& pool, Work work) {
  std::optional<Result> result;
  internal::BlockingAwaiter awaiter(pool, [&result, &work] { result.emplace(work()); });
  absl::Status status = co_await awaiter;
  if (!status.ok()) co_return Result(std::move(status));
  co_return *std::move(result);
}

}  // namespace piperpc
