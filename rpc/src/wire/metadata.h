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

absl::StatusOr<Metadata> DecodeMetadata(std::string_view fields);

}  // namespace piperpc::wire
