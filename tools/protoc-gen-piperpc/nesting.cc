#include "nesting.h"

#include <algorithm>

namespace piperpc::codegen {

using google::protobuf::Descriptor;

std::optional<int> NestingDepths::Of(const Descriptor& type) {
  // None until it is known: a type that is met again below itself has no bound.
  const auto [slot, is_new] = known_.try_emplace(&type);
  if (!is_new || type.extension_range_count() > 0) return slot->second;
  int depth = 0;
  for (int i = 0; i < type.field_count(); ++i) {
    const Descriptor* const inner = type.field(i)->message_type();
    if (inner == nullptr) continue;
    const std::optional<int> below = Of(*inner);
    if (!below.has_value()) return std::nullopt;
    depth = std::max(depth, *below + 1);
  }
  return slot->second = depth;
}

}  // namespace piperpc::codegen
