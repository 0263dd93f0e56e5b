// Messages to and from JSON, the canonical mapping of protobuf.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

enum class JsonStyle { kLine, kPretty };

// Field names in camelCase. Fields that are not set are left out. INTERNAL: `message` cannot be
// put as JSON.
OutcomeOr<std::string> ToJson(const google::protobuf::Message& message, JsonStyle style);

// Merges into `message`. Field names as in the .proto, or in camelCase. A usage error tells where
// it is wrong; unknown fields are errors, and so is what nests deeper than a server can read.
Outcome FromJson(std::string_view json, google::protobuf::Message& message);

}  // namespace piperpc::cli
