// Guards against exceptions of the user's code, which must end neither the process nor a loop.
#pragma once

#include <exception>
#include <new>
#include <utility>

#include "piperpc/internal/exceptions.h"

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

using internal::RunGuarded;

// Runs `code` and drops what it throws: for hooks, where nobody is left to be told.
template <typename Code>
void RunSilently(Code&& code) {
  RunGuarded(std::forward<Code>(code), [](const std::exception_ptr&) {});
}

}  // namespace piperpc::base
