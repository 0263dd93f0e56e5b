#include "tools/piperpc/nesting.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/nesting.h"

namespace piperpc::cli {

int LevelsOf(const google::protobuf::Message& message) {
  return internal::LevelsOf(message.SerializePartialAsString(), message.GetDescriptor(),
                            std::numeric_limits<int>::max() - 1);
}

Outcome CheckLevels(int levels) {
  if (levels <= internal::kMaxNesting) return Outcome();
  return UsageError(absl::StrCat("the request nests ", levels,
                                 " levels of messages; a server can read at most ",
                                 internal::kMaxNesting, "; make it flatter"));
}

}  // namespace piperpc::cli
