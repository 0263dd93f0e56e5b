// The nesting depth of dynamic messages.
#pragma once

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// The levels of messages nested in `message`, as a parser counts them.
int LevelsOf(const google::protobuf::Message& message);

// A usage error when a server could not read so deep a message.
Outcome CheckLevels(int levels);

}  // namespace piperpc::cli
