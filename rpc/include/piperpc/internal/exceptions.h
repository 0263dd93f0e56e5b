// All that differs between code with exceptions and code that is compiled without them
// (-fno-exceptions): templates of these headers are compiled as the user's program is.
#pragma once

#include <exception>
#include <string>
#include <utility>

#ifdef __cpp_exceptions
#include <stdexcept>
#else
#include <cstdio>
#endif

namespace piperpc::internal {

#ifdef __cpp_exceptions

// Runs `code`. When it throws, `on_throw` is called with the exception.
template <typename Code, typename OnThrow>
void RunGuarded(Code&& code, OnThrow&& on_throw) {
  try {
    std::forward<Code>(code)();
  } catch (...) {
    std::forward<OnThrow>(on_throw)(std::current_exception());
  }
}

// For a mistake of the caller. Throws std::logic_error; without exceptions, the process ends.
[[noreturn]] inline void FailLogic(const char* what) { throw std::logic_error(what); }

// The what() of a std::exception; for everything else a text that says so. `exception` is not null.
inline std::string DescribeException(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not a std::exception";
  }
}

#else

template <typename Code, typename OnThrow>
void RunGuarded(Code&& code, OnThrow&&) {
  std::forward<Code>(code)();
}

[[noreturn]] inline void FailLogic(const char* what) {
  std::fprintf(stderr, "piperpc: %s\n", what);
  std::terminate();
}

#endif

}  // namespace piperpc::internal
