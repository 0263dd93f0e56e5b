// What is wrong with a server's descriptor that protobuf lets pass, or refuses without a word.
#pragma once

#include <cstddef>
#include <string>

#include "google/protobuf/descriptor.pb.h"

namespace piperpc::cli {

// Empty, or what is wrong: a file that imports itself; a field whose type or label is of no kind
// that is known here, which protobuf would take for `double` or `optional`; a type with the name of
// a well-known one and other fields, which protobuf's JSON would not survive; a group of a message
// that is not its own, which protobuf would print without end.
std::string FindFault(const google::protobuf::FileDescriptorProto& file);

// Nested ones, too.
std::size_t CountMessageTypes(const google::protobuf::FileDescriptorProto& file);

}  // namespace piperpc::cli
