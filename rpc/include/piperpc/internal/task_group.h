// A fixed number of tasks that run side by side, for one coroutine that awaits the end of all.
// WhenAll() and WhenAny() are made of it.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <span>
#include <stop_token>
#include <tuple>
#include <utility>
#include <vector>

#include "piperpc/export.h"
#include "piperpc/internal/child_task.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/linked_stop.h"
#include "piperpc/task.h"

namespace piperpc::internal {

// Lives in the awaiting coroutine's frame, before its members. These may end on any threads.
class PIPERPC_EXPORT TaskGroup {
 public:
  // Which member ends the others: it is the decider. Members that have not begun by then do not.
  enum class DecidedBy { kFirstToThrow, kFirstToEnd };

  class Member {
   public:
    virtual void Start() = 0;
    virtual void Rethrow() = 0;  // What has left the task, if anything.

   protected:
    ~Member() = default;
  };

  // The members' token stops with `outer`, and when there is a decider.
  TaskGroup(std::stop_token outer, DecidedBy decided_by)
      : stop_(std::move(outer)), decided_by_(decided_by) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  std::stop_token stop_token() const { return stop_.token(); }

  // Awaiting it starts the members, in order, and waits until all of them have ended. Goes on where
  // the last one ends. Once.
  class [[nodiscard]] PIPERPC_EXPORT Awaiter {
   public:
    Awaiter(TaskGroup& group, std::span<Member* const> members)
        : group_(group), members_(members) {}
    bool await_ready() const noexcept { return members_.empty(); }
    bool await_suspend(std::coroutine_handle<> awaiting);
    void await_resume() const noexcept {}

   private:
    TaskGroup& group_;
    const std::span<Member* const> members_;
  };
  Awaiter Run(std::span<Member* const> members) { return {*this, members}; }

  // Called by a member that has ended. The last one resumes the awaiting coroutine in here.
  void OnEnd(Member& member, bool threw);

  // When all have ended: the one that came first; null when there is none.
  Member* decider() const { return decider_.load(std::memory_order_acquire); }

 private:
  bool Leave() { return pending_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

  LinkedStop stop_;
  const DecidedBy decided_by_;
  std::atomic<Member*> decider_ = nullptr;
  std::atomic<std::size_t> pending_ = 0;  // Members, and who starts them.
  std::coroutine_handle<> awaiting_;
};

// A member that runs a task.
template <typename T>
class GroupTask final : public TaskGroup::Member {
 public:
  GroupTask(TaskGroup& group, Task<T> task) : group_(group), task_(std::move(task)) {}

  void Start() override { task_.Start(&End, this); }
  void Rethrow() override { static_cast<void>(task_.Result()); }

  ValueOf<T> Take() {
    if constexpr (std::is_void_v<T>) {
      task_.Take();
      return {};
    } else {
      return task_.Take();
    }
  }

 private:
  static void End(void* self) {
    auto& member = *static_cast<GroupTask*>(self);
    bool threw = false;
    RunGuarded([&member] { member.Rethrow(); },
               [&threw](const std::exception_ptr&) { threw = true; });
    member.group_.OnEnd(member, threw);
  }

  TaskGroup& group_;
  Task<T> task_;
};

template <typename... Children>
using GroupTasks = std::tuple<GroupTask<ResultOfChild<Children>>...>;

template <typename... Children>
GroupTasks<Children...> MakeGroupTasks(TaskGroup& group, std::tuple<Children...>& children) {
  return std::apply(
      [&group](Children&... child) {
        return GroupTasks<Children...>{
            GroupTask<ResultOfChild<Children>>(group, MakeTask(child, group.stop_token()))...};
      },
      children);
}

template <typename Child>
std::vector<GroupTask<ResultOfChild<Child>>> MakeGroupTasks(TaskGroup& group,
                                                            std::vector<Child>& children) {
  std::vector<GroupTask<ResultOfChild<Child>>> tasks;
  tasks.reserve(children.size());
  for (Child& child : children) tasks.emplace_back(group, MakeTask(child, group.stop_token()));
  return tasks;
}

template <typename... Tasks>
std::array<TaskGroup::Member*, sizeof...(Tasks)> MembersOf(std::tuple<Tasks...>& tasks) {
  return std::apply(
      [](Tasks&... task) { return std::array<TaskGroup::Member*, sizeof...(Tasks)>{&task...}; },
      tasks);
}

template <typename T>
std::vector<TaskGroup::Member*> MembersOf(std::vector<GroupTask<T>>& tasks) {
  std::vector<TaskGroup::Member*> members;
  members.reserve(tasks.size());
  for (GroupTask<T>& task : tasks) members.push_back(&task);
  return members;
}

}  // namespace piperpc::internal
