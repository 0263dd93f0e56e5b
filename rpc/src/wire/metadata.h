// Metadata to and from the encoded `metadata` fields of a FrameHeader.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/metadata.h"

namespace piperpc::wire {

// RESOURCE_EXHAUSTED with the size and `limit` when it is too large; INVALID_ARGUMENT names a key
// that is not allowed (piperpc/metadata.h).
absl::StatusOr<std::string> EncodeMetadata(const Metadata& metadata, std::size_t limit);

// INVALID_ARGUMENT: these are not the fields of a FrameHeader, which is a protocol error.
absl::Status CheckSomeMetadataFields(std::string_view fields);

// The same in line for frames without metadata, which most are.
inline absl::Status CheckMetadataFields(std::string_view fields) {
  return fields.empty() ? absl::OkStatus() : CheckSomeMetadataFields(fields);
}

// INVALID_ARGUMENT: the same, or a key that is not allowed, which costs the call only.
absl::StatusOr<Metadata> DecodeMetadata(std::string_view fields);

}  // namespace piperpc::wire
