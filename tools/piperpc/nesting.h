// How deep messages nest that are known by their bytes, or their descriptors, alone.
#pragma once

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// The levels of messages below `message`, as a parser counts them.
int LevelsOf(const google::protobuf::Message& message);

// A usage error when `levels` are more than what can be read.
Outcome CheckLevels(int levels);

}  // namespace piperpc::cli
