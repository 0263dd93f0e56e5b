// What a descriptor pool says against a file. Protobuf 22 has renamed the function that is told,
// and changed the type of its texts.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/stubs/common.h"

namespace piperpc::tools {

class PoolErrors : public google::protobuf::DescriptorPool::ErrorCollector {
 public:
  // `element` of the file is not valid.
  virtual void Add(absl::string_view element, absl::string_view message) = 0;

 private:
#if GOOGLE_PROTOBUF_VERSION >= 4022000
  using Text = absl::string_view;
  void RecordError(Text, Text element, const google::protobuf::Message*, ErrorLocation,
                   Text message) final {
    Add(element, message);
  }
#else
  using Text = const std::string&;
  void AddError(Text, Text element, const google::protobuf::Message*, ErrorLocation,
                Text message) final {
    Add(element, message);
  }
#endif
};

}  // namespace piperpc::tools
