// Messages to and from JSON, the canonical mapping of protobuf.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace piperpc::cli {

enum class JsonStyle { kLine, kPretty };

// Field names in camelCase. Fields that are not set are left out. INTERNAL: `message` cannot be
// put as JSON.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, JsonStyle style);

// Merges into `message`. Field names as in the .proto, or in camelCase. A usage error tells where
// it is wrong; unknown fields are errors.
absl::Status FromJson(std::string_view json, google::protobuf::Message& message);

}  // namespace piperpc::cli
