// The sample schema, as a server's reflection would send it.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.pb.h"
#include "sample.pb.h"
#include "tools/piperpc/schema.h"

namespace piperpc::cli {

inline void Collect(const google::protobuf::FileDescriptor& file, std::vector<std::string>& files) {
  for (int i = 0; i < file.dependency_count(); ++i) Collect(*file.dependency(i), files);
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  files.push_back(proto.SerializeAsString());
}

inline std::vector<std::string> SampleFiles() {
  std::vector<std::string> files;
  Collect(*sample::v1::Everything::descriptor()->file(), files);
  return files;
}

}  // namespace piperpc::cli
