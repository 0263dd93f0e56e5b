#include "piperpc/internal/thunks.h"

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::internal {

absl::Status MalformedRequest(std::string_view method, std::size_t size) {
  return absl::InvalidArgumentError(absl::StrCat("the ", size, " bytes of a request of ",
                                                 ToAbsl(method),
                                                 " are not the message that it takes"));
}

absl::Status Unimplemented(std::string_view method) {
  return absl::UnimplementedError(absl::StrCat(ToAbsl(method), " is not implemented here"));
}

}  // namespace piperpc::internal
