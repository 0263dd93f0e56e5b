// Options that must lie within a range.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc {

struct Range {
  std::string_view name;
  std::uint64_t value;
  std::uint64_t least;
  std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
};

// Of the time that somebody may spin before it sleeps.
Range SpinRange(std::chrono::microseconds spin);

// INVALID_ARGUMENT names the first of `whose` ("channel") options that is out of its range, its
// value and the range.
absl::Status CheckRanges(std::string_view whose, std::span<const Range> ranges);

}  // namespace piperpc
