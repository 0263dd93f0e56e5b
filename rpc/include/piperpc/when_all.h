// WhenAll(): runs several coroutines side by side, and gives the results of all.
//
//     auto both = piperpc::WhenAll(FindUser(id), FindOrders(id));
//     auto [user, orders] = co_await both;
//
// Each child is a Task<T>, or something callable that returns one. A callable is kept until all
// children have ended, so a coroutine lambda may use its captures; it may take a std::stop_token:
//
//     const auto ask = [&](std::stop_token stop) {
//       return client.CoGreet(request, {.stop = stop});
//     };
//     auto both = piperpc::WhenAll(context.stop_token(), ask, Prepare());
//
// The children's token stops when `stop`, the first argument, does, and when a child throws.
// Results that are errors, such as an absl::Status, are results like any other, and stop nobody;
// TaskScope (task_scope.h) is for tasks of which the first error ends all.
//
// The children begin in order, on the thread that awaits, and each goes on where what it awaits
// resumes it. In a handler, that is the loop of the call, so they never run at the same time there.
// With SyncWait(), it is the loop of the channel that each of them waits for; so two of them may
// run at the same time, on two threads. The awaiting coroutine goes on where the last child ends.
//
// Destroying the task destroys the children where they wait. As everywhere: on their executor.
#pragma once

#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "piperpc/internal/child_task.h"
#include "piperpc/internal/task_group.h"
#include "piperpc/task.h"

namespace piperpc {

namespace internal {

template <typename... Children>
using AllResults = std::tuple<ValueOf<ResultOfChild<Children>>...>;

// The same of children of one type.
template <typename Child>
using EachResult = std::conditional_t<std::is_void_v<ResultOfChild<Child>>, void,
                                      std::vector<ValueOf<ResultOfChild<Child>>>>;

template <typename... Tasks>
auto TakeAll(std::tuple<Tasks...>& tasks) {
  return std::apply(
      [](Tasks&... task) { return std::tuple<decltype(task.Take())...>{task.Take()...}; }, tasks);
}

template <typename T>
std::vector<T> TakeAll(std::vector<GroupTask<T>>& tasks) {
  std::vector<T> results;
  results.reserve(tasks.size());
  for (GroupTask<T>& task : tasks) results.push_back(task.Take());
  return results;
}

template <typename... Children>
Task<AllResults<Children...>> RunAll(std::stop_token stop, std::tuple<Children...> children) {
  TaskGroup group(std::move(stop), TaskGroup::DecidedBy::kFirstToThrow);
  auto tasks = MakeGroupTasks(group, children);
  const auto members = MembersOf(tasks);
  auto run = group.Run(members);
  co_await run;
  if (group.decider() != nullptr) group.decider()->Rethrow();
  co_return TakeAll(tasks);
}

template <typename Child>
Task<EachResult<Child>> RunEach(std::stop_token stop, std::vector<Child> children) {
  TaskGroup group(std::move(stop), TaskGroup::DecidedBy::kFirstToThrow);
  auto tasks = MakeGroupTasks(group, children);
  const auto members = MembersOf(tasks);
  auto run = group.Run(members);
  co_await run;
  if (group.decider() != nullptr) group.decider()->Rethrow();
  if constexpr (!std::is_void_v<ResultOfChild<Child>>) co_return TakeAll(tasks);
}

}  // namespace internal

// A Task<std::tuple<…>> of the results in the order of the children, with std::monostate for those
// of a Task<void>. It has ended when all children have.
//
// When a child throws, the others are told to stop, and waited for; those that have not begun do
// not. Then what the first one threw is rethrown. What a callable itself throws, before any child
// has begun, is thrown at once.
//
// With g++ 12, and a callable that has a destructor, the task needs a name before it is awaited: it
// does not compile otherwise (task.h).
template <typename... Children>
auto WhenAll(std::stop_token stop, Children... children) {
  using Result = internal::AllResults<Children...>;
  return internal::TaskOfChildren<Result, Children...>(internal::RunAll<Children...>(
      std::move(stop), std::tuple<Children...>(std::move(children)...)));
}
template <typename... Children>
auto WhenAll(Children... children) {
  return WhenAll(std::stop_token(), std::move(children)...);
}

// The same of any number of children of one type, in a vector. A Task<std::vector<T>>; a Task<void>
// where the children return nothing.
template <typename Child>
Task<internal::EachResult<Child>> WhenAll(std::stop_token stop, std::vector<Child> children) {
  return internal::RunEach<Child>(std::move(stop), std::move(children));
}
template <typename Child>
Task<internal::EachResult<Child>> WhenAll(std::vector<Child> children) {
  return internal::RunEach<Child>(std::stop_token(), std::move(children));
}

}  // namespace piperpc
