// Memory that the system refuses. Where a peer chooses how much is asked for, that ends a call or a
// connection, and not the process.
#pragma once

#include <cstddef>
#include <new>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::base {

// What `code` returns. When there is no memory for what it does: what `otherwise` returns, once
// `code` has given back what it had taken.
template <typename Code, typename Otherwise>
auto RunInMemory(Code&& code, Otherwise&& otherwise) -> decltype(code()) {
  try {
    return code();
  } catch (const std::bad_alloc&) {
  }
  return otherwise();
}

// The error that `make` makes; where not even its text has memory, `code` without one.
template <typename Make>
absl::Status ErrorInMemory(Make&& make,
                           absl::StatusCode code = absl::StatusCode::kResourceExhausted) {
  return RunInMemory(make, [code] { return absl::Status(code, ""); });
}

// RESOURCE_EXHAUSTED. `what`: as in "a reply"; `bytes`: its size, 0 where that says nothing. As
// above, so it never throws.
absl::Status OutOfMemory(std::string_view what, std::size_t bytes = 0);

}  // namespace piperpc::base
