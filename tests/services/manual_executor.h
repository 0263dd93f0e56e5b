// An executor that does nothing by itself, and a clock that a test turns.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "piperpc/executor.h"
#include "piperpc/task.h"

namespace services {

// Post() from any thread; all else on the test's.
class ManualExecutor final : public piperpc::Executor {
 public:
  using Clock = std::chrono::steady_clock;

  void Post(absl::AnyInvocable<void()> work) override {
    std::lock_guard lock(mutex_);
    ready_.emplace_back(std::move(work));
  }

  TimerId PostAt(Clock::time_point when, absl::AnyInvocable<void()> work) override {
    std::lock_guard lock(mutex_);
    const TimerId id = ++last_timer_;
    later_.emplace(std::pair(when, id), std::move(work));
    return id;
  }

  void CancelTimer(TimerId timer) override {
    std::lock_guard lock(mutex_);
    std::erase_if(later_, [timer](const auto& each) { return each.first.second == timer; });
  }

  // Runs what has been posted, and what that posts.
  void RunReady() {
    const Scope scope(this);
    while (std::optional<absl::AnyInvocable<void()>> work = TakeReady()) (*work)();
  }

  // Lets the time come of all that waits for one, and runs it.
  void SkipTime() {
    {
      std::lock_guard lock(mutex_);
      for (auto& [when, work] : later_) ready_.emplace_back(std::move(work));
      later_.clear();
    }
    RunReady();
  }

  std::size_t timers() const {
    std::lock_guard lock(mutex_);
    return later_.size();
  }

  // When the first one is due; there is one.
  Clock::time_point next_timer() const {
    std::lock_guard lock(mutex_);
    return later_.begin()->first.first;
  }

  // Calls `begin` as work of this executor.
  template <typename Begin>
  void Run(Begin begin) {
    const Scope scope(this);
    begin();
  }

 private:
  std::optional<absl::AnyInvocable<void()>> TakeReady() {
    std::lock_guard lock(mutex_);
    if (ready_.empty()) return std::nullopt;
    absl::AnyInvocable<void()> work = std::move(ready_.front());
    ready_.pop_front();
    return work;
  }

  mutable std::mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> ready_;
  std::map<std::pair<Clock::time_point, TimerId>, absl::AnyInvocable<void()>> later_;
  TimerId last_timer_ = 0;
};

// A task that runs on an executor, and its result when there is one.
template <typename T>
class Running {
 public:
  Running(ManualExecutor& executor, piperpc::Task<T> task) : task_(std::move(task)) {
    executor.Run([this] { task_->Start(&Done, this); });
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  bool done() const { return result_.has_value(); }
  T& result() { return result_.value(); }
  void Destroy() { task_.reset(); }  // As a call that is cancelled.

 private:
  static void Done(void* self) {
    auto* running = static_cast<Running*>(self);
    running->result_.emplace(running->task_->Take());
  }
  std::optional<piperpc::Task<T>> task_;
  std::optional<T> result_;
};

}  // namespace services
