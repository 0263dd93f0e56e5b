#include "src/base/memory.h"

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc {

absl::Status OutOfMemory(std::string_view what, std::size_t bytes) {
  return absl::ResourceExhaustedError(absl::StrCat("no memory for ", ToAbsl(what), " of ", bytes,
                                                   " bytes: the system refused it; try again "
                                                   "later, or with less at once"));
}

}  // namespace piperpc
