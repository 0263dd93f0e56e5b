// How deep a request nests. What sends messages through generated code leaves that to the receiver;
// this program knows the types, and need not be told by a server.
#pragma once

#include "google/protobuf/message.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// The levels of messages below `message`, as a parser counts them: each field that is a message is
// one, and an entry of a map one more.
int LevelsOf(const google::protobuf::Message& message);

// A usage error when `levels` are more than what can be read.
Outcome CheckLevels(int levels);

}  // namespace piperpc::cli
