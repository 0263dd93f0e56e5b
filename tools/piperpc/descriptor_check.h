// Finds errors in a server's descriptor that protobuf accepts, or refuses without a reason.
#pragma once

#include <cstddef>
#include <string>

#include "google/protobuf/descriptor.pb.h"

namespace piperpc::cli {

// Returns what is wrong, or an empty text. It finds
// - a file that imports itself;
// - a field with an unknown type or label, which protobuf would treat as `double` or `optional`;
// - a type with the name of a well-known type but other fields, which crashes protobuf's JSON;
// - a group of a message that is not its own, which protobuf would print for ever.
std::string FindFault(const google::protobuf::FileDescriptorProto& file);

// How many message types the file has, including nested ones.
std::size_t CountMessageTypes(const google::protobuf::FileDescriptorProto& file);

}  // namespace piperpc::cli
