// TaskScope: tasks that run beside the coroutine that owns it, however many, and end with it.
//
//     piperpc::Stream<Reply> CoTalk(piperpc::ServerContext& context,
//                                   piperpc::CoReader<Request> reader) {
//       Talk talk;  // What both use.
//       piperpc::TaskScope scope(context.stop_token());
//       scope.Spawn(Listen(reader, talk));  // Goes on while this one yields.
//       while (std::optional<Reply> reply = co_await talk.NextReply()) co_yield *reply;
//       auto join = scope.Join();
//       absl::Status heard = co_await join;
//       if (!heard.ok()) co_yield heard;
//     }
//
// What the tasks use is declared before the scope: so it is there as long as they are. When a task
// fails, by an error or by an exception, the others are told to stop, and Join() gives the first
// failure.
//
// A task begins in Spawn(), on the thread that calls it, and goes on where what it awaits resumes
// it; RunOn() (run_on.h) makes one that runs on another executor. In a handler that is the loop of
// the call, so the tasks and the handler never run at the same time. With SyncWait() it may be
// another thread for each of them.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "piperpc/export.h"
#include "piperpc/internal/child_task.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/linked_stop.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/task.h"

namespace piperpc {

namespace internal {

template <typename Child>
class ScopeTask;

}  // namespace internal

class PIPERPC_EXPORT TaskScope {
 public:
  // The tasks' token stops when `stop` does, when a task fails, and with RequestStop().
  explicit TaskScope(std::stop_token stop = {});

  // Tells tasks that have not ended to stop, and destroys them where they wait, as the destructor
  // of the frame that owns the scope may: on the executor that they run on. Elsewhere, as under
  // SyncWait(), a task could just run on another thread: there, Join() first, and keep what may
  // throw between Spawn() and Join() in tasks of the scope.
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // Begins a task: `child` is a Task<void> or a Task<absl::Status>, or something callable that
  // returns one, with a std::stop_token or without arguments. A callable is kept until its task has
  // ended, so a coroutine lambda may use its captures. A task is destroyed when it has ended.
  //
  // The owner, and tasks of the scope, call this. Throws what `child` throws when it is called.
  template <typename Child>
  void Spawn(Child child) {
    using Result = internal::ResultOfChild<Child>;
    static_assert(std::is_void_v<Result> || std::is_same_v<Result, absl::Status>,
                  "TaskScope::Spawn(): the task must return void or absl::Status; another result "
                  "would be lost, and WhenAll() gives such ones");
    Start(std::make_unique<internal::ScopeTask<Child>>(*this, std::move(child)));
  }

  // Waits until all tasks have ended, also those that are begun meanwhile. Goes on where the last
  // of them ends. The error of the task that failed first, or rethrows what that one threw; OK:
  // none failed. One at a time; again after further Spawn()s. The scope must outlive what this
  // returns.
  Task<absl::Status> Join();

  // Tells the tasks to stop, those of later Spawn()s as well. Any thread.
  void RequestStop() { stop_.RequestStop(); }

  // The tasks' token. Any thread.
  std::stop_token stop_token() const { return stop_.token(); }

 private:
  template <typename Child>
  friend class internal::ScopeTask;

  // A task, in the list of those that have not ended.
  class Member {
   public:
    virtual ~Member() = default;
    virtual void Start() = 0;

   private:
    friend class TaskScope;
    Member* next_ = nullptr;
    Member* previous_ = nullptr;
  };

  class Joiner;

  void Start(std::unique_ptr<Member> member);
  void OnEnd(Member& member, absl::Status status, std::exception_ptr thrown);
  void KeepFailure(absl::Status status, std::exception_ptr thrown);
  void Link(Member& member) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::unique_ptr<Member> Unlink(Member& member) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::unique_ptr<Member> UnlinkFirst();

  internal::LinkedStop stop_;
  internal::Mutex mutex_;
  Member* first_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  std::coroutine_handle<> joining_ ABSL_GUARDED_BY(mutex_);
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);        // Of the task that failed first,
  std::exception_ptr thrown_ ABSL_GUARDED_BY(mutex_);  // or what it threw.
};

namespace internal {

// A task of a scope, with what it was made by.
template <typename Child>
class ScopeTask final : public TaskScope::Member {
 public:
  ScopeTask(TaskScope& scope, Child child)
      : scope_(scope), child_(std::move(child)), task_(MakeTask(child_, scope.stop_token())) {}

  void Start() override { task_.Start(&End, this); }

 private:
  static void End(void* self) {
    auto& member = *static_cast<ScopeTask*>(self);
    absl::Status status;
    std::exception_ptr thrown;
    RunGuarded(
        [&] {
          if constexpr (std::is_void_v<ResultOfChild<Child>>) {
            member.task_.Take();
          } else {
            status = member.task_.Take();
          }
        },
        [&thrown](std::exception_ptr what) { thrown = std::move(what); });
    member.scope_.OnEnd(member, std::move(status), std::move(thrown));
  }

  TaskScope& scope_;
  Child child_;
  Task<ResultOfChild<Child>> task_;
};

}  // namespace internal

}  // namespace piperpc
