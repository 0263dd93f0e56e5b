// WhenAny(): runs several coroutines side by side until one has ended, and stops the others.
//
//     const auto ask = [&](std::stop_token stop) { return Ask(client, stop); };
//     const auto pause = [](std::stop_token stop) { return piperpc::Sleep(1s, stop); };
//     auto first = piperpc::WhenAny(context.stop_token(), ask, pause);
//     const auto result = co_await first;
//     if (result.index() == 0) Use(std::get<0>(result));
//
// Each child is something callable with a std::stop_token that returns a Task<T>, and is kept until
// all children have ended: so a coroutine lambda may use its captures. The token stops when another
// child has ended, and when `stop`, the first argument, does. All children are waited for: none of
// them runs on when the result is there, and one that ignores its token delays it.
//
// Threads, and what happens when the task is destroyed: as for WhenAll() (when_all.h).
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "piperpc/internal/child_task.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/task_group.h"
#include "piperpc/task.h"

namespace piperpc {

// The result of the child that ended first, of those in a vector; of a Task<void> it is a
// std::monostate.
template <typename T>
struct FirstResult {
  std::size_t index;
  T value;
};

namespace internal {

template <typename... Children>
using AnyResult = std::variant<ValueOf<ResultOfChild<Children>>...>;

template <typename Child>
using FirstResultOf = FirstResult<ValueOf<ResultOfChild<Child>>>;

template <typename... Children>
constexpr void RequireStoppable() {
  static_assert(sizeof...(Children) > 0, "WhenAny(): there must be a child to wait for");
  static_assert((MakesTaskWithStop<Children> && ...),
                "WhenAny(): each child must be callable with a std::stop_token and return a "
                "piperpc::Task<T>, because all but one are told to stop; a task that was made "
                "before has no such token");
}

template <typename Result, typename... Tasks, std::size_t... kIndices>
Result TakeFirst(const TaskGroup::Member* first, std::tuple<Tasks...>& tasks,
                 std::index_sequence<kIndices...>) {
  std::optional<Result> result;
  const auto take_if_first = [&]<std::size_t kIndex>(std::in_place_index_t<kIndex> place) {
    auto& task = std::get<kIndex>(tasks);
    if (&task == first) result.emplace(place, task.Take());
  };
  (take_if_first(std::in_place_index<kIndices>), ...);
  return *std::move(result);
}

template <typename... Children>
Task<AnyResult<Children...>> RunAny(std::stop_token stop, std::tuple<Children...> children) {
  TaskGroup group(std::move(stop), TaskGroup::DecidedBy::kFirstToEnd);
  auto tasks = MakeGroupTasks(group, children);
  const auto members = MembersOf(tasks);
  auto run = group.Run(members);
  co_await run;
  co_return TakeFirst<AnyResult<Children...>>(group.decider(), tasks,
                                              std::index_sequence_for<Children...>());
}

template <typename Child>
Task<FirstResultOf<Child>> RunAnyOf(std::stop_token stop, std::vector<Child> children) {
  if (children.empty()) FailLogic("WhenAny(): no child to wait for");
  TaskGroup group(std::move(stop), TaskGroup::DecidedBy::kFirstToEnd);
  auto tasks = MakeGroupTasks(group, children);
  const auto members = MembersOf(tasks);
  auto run = group.Run(members);
  co_await run;
  std::size_t first = 0;
  while (members[first] != group.decider()) ++first;
  FirstResultOf<Child> result{first, tasks[first].Take()};
  co_return result;
}

}  // namespace internal

// A Task<std::variant<…>>, whose index() is that of the child that ended first, and whose value is
// that one's result, or std::monostate for a Task<void>. When the first child to end threw, what it
// threw is rethrown, after all have ended; the results of the others, and what they throw, are
// dropped. Children that have not begun when one has ended do not. When `stop` is requested to
// stop, the result is that of the child that ends first because of it.
//
// What a callable itself throws, before any child has begun, is thrown at once. With g++ 12, and a
// callable that has a destructor, the task needs a name before it is awaited: it does not compile
// otherwise (task.h).
template <typename... Children>
auto WhenAny(std::stop_token stop, Children... children) {
  internal::RequireStoppable<Children...>();
  using Result = internal::AnyResult<Children...>;
  return internal::TaskOfChildren<Result, Children...>(internal::RunAny<Children...>(
      std::move(stop), std::tuple<Children...>(std::move(children)...)));
}
template <typename... Children>
auto WhenAny(Children... children) {
  return WhenAny(std::stop_token(), std::move(children)...);
}

// The same of any number of children of one type, in a vector: a Task<FirstResult<T>>. It throws
// std::logic_error when the vector is empty.
template <typename Child>
Task<internal::FirstResultOf<Child>> WhenAny(std::stop_token stop, std::vector<Child> children) {
  internal::RequireStoppable<Child>();
  return internal::RunAnyOf<Child>(std::move(stop), std::move(children));
}
template <typename Child>
Task<internal::FirstResultOf<Child>> WhenAny(std::vector<Child> children) {
  return WhenAny(std::stop_token(), std::move(children));
}

}  // namespace piperpc
