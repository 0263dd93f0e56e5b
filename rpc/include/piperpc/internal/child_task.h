// What coroutines are run side by side from: a task, or something callable that makes one, and that
// is kept until the task has ended.
#pragma once

#include <concepts>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <variant>

#include "piperpc/task.h"

namespace piperpc::internal {

// Only declared: the T of a Task<T>, or of a class that derives from one.
template <typename T>
T ResultOf(const Task<T>& task);

template <typename Child>
concept IsTask = requires(const Child& child) {
  ResultOf(child);
};

template <typename Child>
concept MakesTaskWithStop = std::invocable<Child&, std::stop_token> &&
    IsTask<std::invoke_result_t<Child&, std::stop_token>>;

template <typename Child>
concept MakesTask =
    !MakesTaskWithStop<Child> && std::invocable<Child&> && IsTask<std::invoke_result_t<Child&>>;

// The T of the task that a child is or makes.
template <typename Child>
struct ChildResult {
  static_assert(IsTask<Child>,
                "a child must be a piperpc::Task<T>, or callable and return one: with a "
                "std::stop_token, or without arguments");
};
template <IsTask Child>
struct ChildResult<Child> {
  using Type = decltype(ResultOf(std::declval<const Child&>()));
};
template <MakesTaskWithStop Child>
struct ChildResult<Child> {
  using Type =
      decltype(ResultOf(std::declval<const std::invoke_result_t<Child&, std::stop_token>&>()));
};
template <MakesTask Child>
struct ChildResult<Child> {
  using Type = decltype(ResultOf(std::declval<const std::invoke_result_t<Child&>&>()));
};
template <typename Child>
using ResultOfChild = typename ChildResult<Child>::Type;

// The task of `child`, which outlives it; not begun. Throws what `child` throws.
template <typename Child>
Task<ResultOfChild<Child>> MakeTask(Child& child, [[maybe_unused]] const std::stop_token& stop) {
  if constexpr (IsTask<Child>) {
    return std::move(child);
  } else if constexpr (MakesTaskWithStop<Child>) {
    return child(stop);
  } else {
    return child();
  }
}

// What stands for the result of a task in a tuple or a variant.
template <typename T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// True where g++ 12 could destroy a child twice that is written within a co_await expression.
template <typename Child>
inline constexpr bool kNeedsName = !std::is_trivially_destructible_v<Child>;
template <typename T>
inline constexpr bool kNeedsName<Task<T>> = false;

// The task of a function that takes such children.
template <typename T, typename... Children>
using TaskOfChildren =
    std::conditional_t<kTemporariesAreDestroyedTwice && (kNeedsName<Children> || ...), NamedTask<T>,
                       Task<T>>;

}  // namespace piperpc::internal
