#include "tools/piperpc/nesting.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/codec.h"

namespace piperpc::cli {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

int LevelsOf(const Message& message) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  int levels = 0;
  const auto add = [&levels](const Message& inner) {
    levels = std::max(levels, 1 + LevelsOf(inner));
  };
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      add(reflection.GetMessage(message, field));
      continue;
    }
    const int size = reflection.FieldSize(message, field);
    for (int i = 0; i < size; ++i) add(reflection.GetRepeatedMessage(message, field, i));
  }
  return levels;
}

Outcome CheckLevels(int levels) {
  if (levels <= internal::kMaxNesting) return Outcome();
  return UsageError(
      absl::StrCat("the request nests ", levels, " levels of messages, and ", internal::kMaxNesting,
                   " are the most that a server can read; give it in a flatter form"));
}

}  // namespace piperpc::cli
