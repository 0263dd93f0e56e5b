// Finds the descriptors behind a set of services.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace piperpc::builtin {

// The files that the .proto files of `services` consist of and import: dependencies first, each
// once. Services that `pool` does not know are left out.
std::vector<const google::protobuf::FileDescriptor*> FilesOf(
    const std::vector<std::string>& services, const google::protobuf::DescriptorPool& pool);

// `file` and all that it imports, each once: a file after those that it imports, `file` last.
std::vector<const google::protobuf::FileDescriptor*> WithImports(
    const google::protobuf::FileDescriptor& file);

}  // namespace piperpc::builtin
