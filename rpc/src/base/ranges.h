// Checks of options: those that must lie within a range, and pointers.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace piperpc::base {

// What an option is set to, of whatever type of whole numbers.
class OptionValue {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): for the rows of a table.
  constexpr OptionValue(std::integral auto value)
      : below_zero_(std::cmp_less(value, 0)), bits_(static_cast<std::uint64_t>(value)) {}

  bool IsWithin(std::uint64_t least, std::uint64_t most) const {
    return !below_zero_ && bits_ >= least && bits_ <= most;
  }
  std::string ToText() const;

 private:
  bool below_zero_;
  std::uint64_t bits_;  // Below zero: the complement of two.
};

struct Range {
  std::string_view name;
  OptionValue value;
  std::uint64_t least;
  std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
};

// Of the time that somebody may spin before it sleeps.
Range SpinRange(std::chrono::microseconds spin);

// INVALID_ARGUMENT names the first of `whose` ("channel") options that is out of its range, its
// value and the range.
absl::Status CheckRanges(std::string_view whose, std::span<const Range> ranges);

// INVALID_ARGUMENT says which of the pointers that make up an option is null.
absl::Status NullPointer(std::string_view whose, std::string_view name, std::size_t index);

template <typename Pointers>
absl::Status CheckPointers(std::string_view whose, std::string_view name,
                           const Pointers& pointers) {
  const auto null = std::find(pointers.begin(), pointers.end(), nullptr);
  if (null == pointers.end()) return absl::OkStatus();
  return NullPointer(whose, name, static_cast<std::size_t>(null - pointers.begin()));
}

}  // namespace piperpc::base
