// Metadata: key-value pairs that are sent with a call, beside its messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/export.h"

namespace piperpc {

// The order is kept, and a key may occur several times. A key is 1 to 64 of a-z, 0-9, '-', '_' and
// '.'; a value is any bytes. The limit for all of it together is the receiver's max_metadata_bytes:
// 8 KiB by default, at most 16 KiB.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// INVALID_ARGUMENT: `key` is not a valid key, so calls with it would fail; the text says why.
PIPERPC_EXPORT absl::Status CheckMetadataKey(std::string_view key);

// The first value of `key`, which points into `metadata`; none when there is no such key.
inline std::optional<std::string_view> FindValue(const Metadata& metadata, std::string_view key) {
  for (const auto& [each, value] : metadata) {
    if (each == key) return value;
  }
  return std::nullopt;
}

// All values of `key` in order, which point into `metadata`.
inline std::vector<std::string_view> FindValues(const Metadata& metadata, std::string_view key) {
  std::vector<std::string_view> values;
  for (const auto& [each, value] : metadata) {
    if (each == key) values.push_back(value);
  }
  return values;
}

}  // namespace piperpc
