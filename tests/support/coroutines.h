// Coroutines that tests of coroutines run.
#pragma once

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/executor.h"
#include "piperpc/internal/child_task.h"
#include "piperpc/task.h"

namespace piperpc::testing {

template <typename T>
Task<T> Give(T value) {
  co_return value;
}

inline Task<void> Nothing() { co_return; }

inline Task<void> Throw(const char* text) {
  throw std::runtime_error(text);
  co_return;
}

// True: the event was set; false: `stop` came first.
inline Task<bool> WaitFor(AsyncEvent& event, std::stop_token stop = {}) {
  auto wait = event.Wait(std::move(stop));
  const bool set = co_await wait;
  co_return set;
}

// The same, and holds something meanwhile.
inline Task<void> Hold(std::shared_ptr<int>, AsyncEvent& event) {
  auto wait = event.Wait();
  co_await wait;
}

// Goes on in a later iteration of the executor that it awaits on.
inline Task<void> LetOthersRun() {
  const auto event = std::make_shared<AsyncEvent>();  // The frame may go before it is set.
  Executor::Current()->Post([event] { event->Set(); });
  auto wait = event->Wait();
  co_await wait;
}

// Whether a task can be awaited only when it has a name.
template <typename Awaited>
constexpr bool kAwaitedByNameOnly = requires(Awaited awaited) {
  awaited.operator co_await();
}
&&!requires(Awaited awaited) { std::move(awaited).operator co_await(); };

}  // namespace piperpc::testing
