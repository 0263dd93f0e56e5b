// Types of google.protobuf that have a JSON form of their own.
#pragma once

#include <string>

#include "google/protobuf/descriptor.pb.h"

namespace piperpc::cli {

// Protobuf's JSON takes a type with such a name for the real one without a look at its fields, and
// so does this program; a server's schema may say anything. `message`: as the server has it, by its
// full name `name`. Empty, also for all other types, or how it differs from the real one.
std::string FaultOfWellKnownType(const std::string& name,
                                 const google::protobuf::DescriptorProto& message);

}  // namespace piperpc::cli
