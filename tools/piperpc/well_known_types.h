// Types of google.protobuf that have a JSON form of their own.
#pragma once

#include <string>

#include "google/protobuf/descriptor.pb.h"

namespace piperpc::cli {

// Protobuf's JSON treats a type with such a name as the real one without checking its fields, and
// so does this program; but a server's schema can contain anything. Returns how `message`, which
// the server has under the full name `name`, differs from the real type; an empty text when it does
// not, or when it is not a well-known type.
std::string FaultOfWellKnownType(const std::string& name,
                                 const google::protobuf::DescriptorProto& message);

}  // namespace piperpc::cli
