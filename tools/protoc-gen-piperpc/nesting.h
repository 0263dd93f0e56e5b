// How deep the messages of a type can nest.
#pragma once

#include <map>
#include <optional>

#include "google/protobuf/descriptor.h"

namespace piperpc::codegen {

// Remembers the types that it has looked at.
class NestingDepths {
 public:
  // The levels of messages that one of `type` can have below it; none when there is no bound. A
  // field that is a message, a group or a map is a level. An extension may be anything, of any
  // file, so what has room for one has no bound.
  std::optional<int> Of(const google::protobuf::Descriptor& type);

 private:
  std::map<const google::protobuf::Descriptor*, std::optional<int>> known_;
};

}  // namespace piperpc::codegen
