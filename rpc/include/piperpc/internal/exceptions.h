// What logs say of an exception.
#pragma once

#include <exception>
#include <string>

namespace piperpc::internal {

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

}  // namespace piperpc::internal
