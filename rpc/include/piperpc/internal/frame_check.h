// What g++ 12 makes wrong of a co_await in a condition, and how that is noticed.
//
// Where the condition of an `if` or of a loop awaits, and no block around it declares a variable,
// g++ 12.2 keeps the condition's result at the beginning of the coroutine's frame; 12.4 does not.
// There the addresses of the coroutine's code belong, and resuming it would jump to nowhere. What
// is awaited has no part in that. The variable of `while (std::optional<T> next = co_await …)` is
// enough.
#pragma once

#include <coroutine>
#include <optional>

#include "piperpc/export.h"

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define PIPERPC_GXX_12 1
#else
#define PIPERPC_GXX_12 0
#endif

namespace piperpc::internal {

// Says what is wrong with the coroutine, and aborts.
[[noreturn]] PIPERPC_EXPORT void EndForMisplacedFrame();

#if PIPERPC_GXX_12

// How a coroutine that begins later is suspended first, with a look at its frame: the compiler
// knows where that is, and the promise knows where it should be.
template <typename Promise>
class InitialSuspend {
 public:
  explicit InitialSuspend(Promise& promise) : promise_(promise) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> frame) const noexcept {
    const auto expected = std::coroutine_handle<Promise>::from_promise(promise_);
    if (frame.address() != expected.address()) EndForMisplacedFrame();
  }
  void await_resume() const noexcept {}

 private:
  Promise& promise_;
};

// A message of a stream, or none, that has to get a name before it is asked which.
template <typename T>
class AwaitedMessage : public std::optional<T> {
 public:
  explicit operator bool() const& noexcept { return this->has_value(); }
  explicit operator bool() && noexcept { return NeedsName(); }
  bool has_value() const& noexcept { return std::optional<T>::has_value(); }
  bool has_value() && noexcept { return NeedsName(); }

 private:
  static bool NeedsName() noexcept {
    static_assert(sizeof(T) == 0,
                  "g++ 12 miscompiles a co_await in a condition. Give the message a name: "
                  "while (std::optional<T> next = co_await reader.CoNext())");
    return false;
  }
};

#else

template <typename Promise>
class InitialSuspend : public std::suspend_always {
 public:
  explicit InitialSuspend(Promise&) {}
};

template <typename T>
using AwaitedMessage = std::optional<T>;

#endif

}  // namespace piperpc::internal
