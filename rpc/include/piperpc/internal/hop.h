// What RunOn() awaits: a task that runs on another executor.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/executor.h"
#include "piperpc/export.h"
#include "piperpc/internal/child_task.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/task.h"

namespace piperpc::internal {

// Shared by the awaiter and the executor, which holds it while the task runs.
class PIPERPC_EXPORT Hop : public std::enable_shared_from_this<Hop> {
 public:
  explicit Hop(Executor::Handle target) : target_(std::move(target)) {}
  virtual ~Hop() = default;
  Hop(const Hop&) = delete;
  Hop& operator=(const Hop&) = delete;

  // Resumes on the awaiting executor. Destroying it has the task destroyed on its own.
  class [[nodiscard]] PIPERPC_EXPORT Awaiter {
   public:
    explicit Awaiter(std::shared_ptr<Hop> hop) : hop_(std::move(hop)) {}
    ~Awaiter() { hop_->Abandon(); }
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting);
    void await_resume() const noexcept {}

   private:
    const std::shared_ptr<Hop> hop_;
  };

 protected:
  // By the derived class, when its task has ended, and the result is kept.
  void OnEnd();

 private:
  enum class State { kPosted, kRunning, kEnded };
  struct Beginning;
  struct Resumption;

  // On the target.
  virtual void StartTask() = 0;
  virtual void DestroyTask() = 0;  // And what has made it; before it has begun, too.
  void Begin();
  void DestroyEarly();

  // On the awaiting executor.
  void Resume();
  void Abandon();

  const Executor::Handle target_;
  Executor::Handle home_;
  std::shared_ptr<Hop> self_;  // While the task runs. Of the target.
  Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kPosted;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
  std::coroutine_handle<> awaiting_ ABSL_GUARDED_BY(mutex_);
};

template <typename Child>
class HopTask final : public Hop {
 public:
  using Result = ResultOfChild<Child>;

  HopTask(Executor::Handle target, Child child)
      : Hop(std::move(target)), child_(std::in_place, std::move(child)) {}

  // When it has ended.
  Result Take() {
    if (thrown_) std::rethrow_exception(thrown_);
    if constexpr (!std::is_void_v<Result>) return *std::move(result_);
  }

 private:
  void StartTask() override {
    RunGuarded([this] { task_.emplace(MakeTask(*child_, {})); },
               [this](std::exception_ptr thrown) { thrown_ = std::move(thrown); });
    if (task_.has_value()) return task_->Start(&End, this);
    DestroyTask();
    OnEnd();
  }

  void DestroyTask() override {
    task_.reset();
    child_.reset();
  }

  static void End(void* self) {
    auto& hop = *static_cast<HopTask*>(self);
    RunGuarded(
        [&hop] {
          if constexpr (std::is_void_v<Result>) {
            hop.task_->Take();
          } else {
            hop.result_.emplace(hop.task_->Take());
          }
        },
        [&hop](std::exception_ptr thrown) { hop.thrown_ = std::move(thrown); });
    hop.DestroyTask();
    hop.OnEnd();
  }

  std::optional<ValueOf<Result>> result_;
  std::exception_ptr thrown_;
  std::optional<Child> child_;
  std::optional<Task<Result>> task_;  // Goes first.
};

}  // namespace piperpc::internal
