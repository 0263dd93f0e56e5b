// An event loop as an Executor, and the thread that runs it.
#pragma once

#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "piperpc/executor.h"
#include "src/transport/event_loop.h"

namespace piperpc {

// Must outlive everything that was told to resume on it, and goes away when the loop does not run
// any more.
class LoopExecutor final : public Executor {
 public:
  explicit LoopExecutor(transport::EventLoop& loop);  // Which outlives it.
  ~LoopExecutor() override;

  void Post(absl::AnyInvocable<void()> work) override { loop_.Post(std::move(work)); }
  void PostAt(std::chrono::steady_clock::time_point when, absl::AnyInvocable<void()> work) override;

  // Runs the loop on this thread, as this executor, until it is stopped.
  void Run();

 private:
  class Later;
  void Forget(Later& timer);
  void Add(std::chrono::steady_clock::time_point when, absl::AnyInvocable<void()> work);

  transport::EventLoop& loop_;
  std::map<Later*, std::unique_ptr<Later>> later_;  // Loop thread.
};

// A loop on a thread of its own.
class LoopThread {
 public:
  explicit LoopThread(std::unique_ptr<transport::EventLoop> loop);
  ~LoopThread();  // As Stop().
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  void Start();
  void Stop();  // Ends the thread and waits for it. Not on it. A second time it does nothing.

  transport::EventLoop& loop() { return *loop_; }
  LoopExecutor& executor() { return executor_; }

 private:
  std::unique_ptr<transport::EventLoop> loop_;
  LoopExecutor executor_;
  std::thread thread_;
};

}  // namespace piperpc
