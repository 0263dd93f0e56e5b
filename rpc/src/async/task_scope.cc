#include "piperpc/task_scope.h"

#include <utility>

namespace piperpc {

// Awaits that no task runs.
class TaskScope::Joiner {
 public:
  explicit Joiner(TaskScope& scope) : scope_(scope) {}
  ~Joiner() {
    const internal::MutexLock lock(scope_.mutex_);
    scope_.joining_ = nullptr;
  }
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> joining) {
    const internal::MutexLock lock(scope_.mutex_);
    if (scope_.running_ == 0) return false;
    scope_.joining_ = joining;
    return true;
  }
  absl::Status await_resume() {
    const internal::MutexLock lock(scope_.mutex_);
    if (scope_.thrown_) std::rethrow_exception(scope_.thrown_);
    return scope_.status_;
  }

 private:
  TaskScope& scope_;
};

TaskScope::TaskScope(std::stop_token stop) : stop_(std::move(stop)) {}

TaskScope::~TaskScope() {
  bool ended = false;
  {
    const internal::MutexLock lock(mutex_);
    ended = running_ == 0;
  }
  if (!ended) RequestStop();
  while (std::unique_ptr<Member> member = UnlinkFirst()) member.reset();
}

Task<absl::Status> TaskScope::Join() {
  Joiner joiner(*this);
  absl::Status status = co_await joiner;
  co_return status;
}

// The list has it before it begins, for it may end in here.
void TaskScope::Start(std::unique_ptr<Member> member) {
  Member* const started = member.release();
  {
    const internal::MutexLock lock(mutex_);
    Link(*started);
    ++running_;
  }
  started->Start();
}

// The task goes away before it counts as ended: what it holds may be the owner's. Once nothing
// runs, the scope may be gone as soon as the lock is released.
void TaskScope::OnEnd(Member& member, absl::Status status, std::exception_ptr thrown) {
  if (!status.ok() || thrown) KeepFailure(std::move(status), std::move(thrown));
  std::unique_ptr<Member> ended;
  {
    const internal::MutexLock lock(mutex_);
    ended = Unlink(member);
  }
  ended.reset();
  std::coroutine_handle<> resumed;
  {
    const internal::MutexLock lock(mutex_);
    if (--running_ > 0) return;
    resumed = std::exchange(joining_, nullptr);
  }
  if (resumed) resumed.resume();
}

void TaskScope::KeepFailure(absl::Status status, std::exception_ptr thrown) {
  {
    const internal::MutexLock lock(mutex_);
    if (std::exchange(failed_, true)) return;
    status_ = std::move(status);
    thrown_ = std::move(thrown);
  }
  RequestStop();
}

void TaskScope::Link(Member& member) {
  member.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &member;
  first_ = &member;
}

std::unique_ptr<TaskScope::Member> TaskScope::Unlink(Member& member) {
  (member.previous_ == nullptr ? first_ : member.previous_->next_) = member.next_;
  if (member.next_ != nullptr) member.next_->previous_ = member.previous_;
  return std::unique_ptr<Member>(&member);
}

std::unique_ptr<TaskScope::Member> TaskScope::UnlinkFirst() {
  const internal::MutexLock lock(mutex_);
  return first_ == nullptr ? nullptr : Unlink(*first_);
}

}  // namespace piperpc
