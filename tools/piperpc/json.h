// Converts messages to and from JSON, by the canonical mapping of protobuf.
#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

enum class JsonStyle { kLine, kPretty };

// Field names are in camelCase; fields that are not set are omitted. INTERNAL: `message` has no
// JSON form, for example because it nests too deep.
OutcomeOr<std::string> ToJson(const google::protobuf::Message& message, JsonStyle style);

// Merges `json` into `message`. Field names may be as in the .proto or in camelCase. A usage error,
// which names the place, also for unknown fields and for more levels than a server can read.
Outcome FromJson(std::string_view json, google::protobuf::Message& message);

}  // namespace piperpc::cli
