// Key-value pairs that travel beside a call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace piperpc {

// In the order given; a key may come several times. A key is 1 to 64 of a-z, 0-9, '-', '_' and '.';
// a value is any bytes. All of it together: 8 KiB by default, 16 KiB at the most.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// INVALID_ARGUMENT, where calls would be refused for it: not allowed as a key, and why.
absl::Status CheckMetadataKey(std::string_view key);

// The first value of `key`; none: there is no such key. Points into `metadata`.
inline std::optional<std::string_view> FindValue(const Metadata& metadata, std::string_view key) {
  for (const auto& [each, value] : metadata) {
    if (each == key) return value;
  }
  return std::nullopt;
}

// All values of `key`, in their order. They point into `metadata`.
inline std::vector<std::string_view> FindValues(const Metadata& metadata, std::string_view key) {
  std::vector<std::string_view> values;
  for (const auto& [each, value] : metadata) {
    if (each == key) values.push_back(value);
  }
  return values;
}

}  // namespace piperpc
