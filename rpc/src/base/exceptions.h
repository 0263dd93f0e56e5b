// What is thrown by code of the user's: it must end neither the process nor a loop.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

namespace piperpc {

// For the log.
inline std::string WhatWasThrown(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "not a std::exception";
  }
}

inline bool IsOutOfMemory(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
}

// Runs `code`; when it throws, tells `on_throw` what.
template <typename Code, typename OnThrow>
void RunGuarded(Code&& code, OnThrow&& on_throw) {
  try {
    std::forward<Code>(code)();
  } catch (...) {
    std::forward<OnThrow>(on_throw)(std::current_exception());
  }
}

// For hooks, where nobody is left to be told.
template <typename Code>
void RunSilently(Code&& code) {
  RunGuarded(std::forward<Code>(code), [](const std::exception_ptr&) {});
}

}  // namespace piperpc
