// Guards against exceptions of the user's code, which must end neither the process nor a loop.
#pragma once

#include <exception>
#include <new>
#include <utility>

namespace piperpc::base {

inline bool IsOutOfMemory(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
}

// Runs `code`. When it throws, `on_throw` is called with the exception.
template <typename Code, typename OnThrow>
void RunGuarded(Code&& code, OnThrow&& on_throw) {
  try {
    std::forward<Code>(code)();
  } catch (...) {
    std::forward<OnThrow>(on_throw)(std::current_exception());
  }
}

// Runs `code` and drops what it throws: for hooks, where nobody is left to be told.
template <typename Code>
void RunSilently(Code&& code) {
  RunGuarded(std::forward<Code>(code), [](const std::exception_ptr&) {});
}

}  // namespace piperpc::base
