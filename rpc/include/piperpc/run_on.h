// RunOn(): runs a coroutine on another executor, such as the event loop of a call.
//
//     auto update = piperpc::RunOn(context.executor().handle(), [board] { return Update(board); });
//     absl::Status updated = piperpc::SyncWait(std::move(update));  // From any thread.
//
//     scope.Spawn(piperpc::RunOn(other, Refresh(cache)));  // Beside the others of a TaskScope.
#pragma once

#include <memory>
#include <utility>

#include "piperpc/executor.h"
#include "piperpc/internal/child_task.h"
#include "piperpc/internal/hop.h"
#include "piperpc/task.h"

namespace piperpc {

namespace internal {

template <typename Child>
constexpr void RequireNoArguments() {
  static_assert(!MakesTaskWithStop<Child>,
                "RunOn(): what it calls must take no arguments; let it capture the stop token that "
                "it needs, such as TaskScope::stop_token()");
}

template <typename Child>
Task<ResultOfChild<Child>> RunHop(Executor::Handle executor, Child child) {
  const auto hop = std::make_shared<HopTask<Child>>(std::move(executor), std::move(child));
  Hop::Awaiter awaiter(hop);
  co_await awaiter;
  co_return hop->Take();
}

}  // namespace internal

// A Task<T> that runs `child` on `executor` when it is awaited or started, and gives its result, or
// rethrows what it threw. `child` is a Task<T>, or something callable without arguments that
// returns one; it is called on `executor`, and kept until its task has ended. It, and its frame,
// are destroyed there. The awaiting coroutine goes on, on the executor where it was suspended;
// without one, on `executor`. When `executor` has ended, or is empty, `child` runs where it would
// be posted.
//
// Any thread. `child` must own what it uses, or use what outlives `executor`: when the awaiting
// frame is destroyed, `child` is destroyed a little later, on its own executor, and not before it
// waits for something.
//
// With g++ 12, and a callable that has a destructor, the task needs a name before it is awaited: it
// does not compile otherwise (task.h).
template <typename Child>
internal::TaskOfChildren<internal::ResultOfChild<Child>, Child> RunOn(Executor::Handle executor,
                                                                      Child child) {
  internal::RequireNoArguments<Child>();
  return internal::RunHop<Child>(std::move(executor), std::move(child));
}

}  // namespace piperpc
