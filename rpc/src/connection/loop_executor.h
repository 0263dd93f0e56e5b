// An event loop as an Executor, and the thread that runs it.
#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/executor.h"
#include "src/base/clock.h"
#include "src/base/export_to_testing.h"
#include "src/base/id_table.h"
#include "src/transport/event_loop.h"

namespace piperpc::connection {

// Must outlive everything that was told to resume on it, and goes away when the loop does not run
// any more.
class LoopExecutor final : public Executor {
 public:
  explicit LoopExecutor(transport::EventLoop& loop);  // Which outlives it.
  ~LoopExecutor() override;

  base::TimePoint Now() const override { return loop_.Now(); }
  void Post(absl::AnyInvocable<void()> work) override { loop_.Post(std::move(work)); }
  TimerId PostAt(base::TimePoint when, absl::AnyInvocable<void()> work) override;
  void CancelTimer(TimerId timer) override;

  std::size_t timers() const { return later_.size(); }  // Loop thread, or while it does not run.

  // Runs the loop on this thread, as this executor, until it is stopped.
  void Run();

 private:
  class Later;
  void Add(TimerId id, base::TimePoint when, absl::AnyInvocable<void()> work);
  std::unique_ptr<Later> Take(TimerId timer);

  transport::EventLoop& loop_;
  std::atomic<TimerId> last_timer_ = 0;
  std::atomic<std::size_t> on_their_way_ = 0;  // Timers that other threads have made, to be added.
  base::IdTable<Later> later_;                 // It owns them. Loop thread.
};

// A loop on a thread of its own.
class PIPERPC_EXPORT_TO_TESTING LoopThread {
 public:
  explicit LoopThread(std::unique_ptr<transport::EventLoop> loop);
  ~LoopThread();  // As Stop().
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  // RESOURCE_EXHAUSTED: the system refuses the thread. `first` is what it runs first.
  absl::Status Start(absl::AnyInvocable<void()> first = [] {});

  // Ends the thread and waits for it, until `limit` at the most. Not on it. False: something that
  // runs on it has not come to its end by then; it ends after that, and a later Stop() waits again.
  // When it has ended, it does nothing.
  bool Stop(base::TimePoint limit = base::kNever);

  transport::EventLoop& loop() { return *loop_; }
  LoopExecutor& executor() { return executor_; }

 private:
  std::unique_ptr<transport::EventLoop> loop_;
  LoopExecutor executor_;
  std::thread thread_;
  std::future<void> ended_;  // Of the thread: it runs no work any more.
};

}  // namespace piperpc::connection
