#include "piperpc/internal/thunks.h"

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::internal {

absl::Status MalformedRequest(std::string_view method, std::size_t size, ParseResult why) {
  return Unparsed(absl::StatusCode::kInvalidArgument,
                  absl::StrCat("cannot parse a request of ", base::ToAbsl(method)), size, why);
}

absl::Status Unimplemented(std::string_view method) {
  return absl::UnimplementedError(
      absl::StrCat(base::ToAbsl(method), " is not implemented on this server"));
}

}  // namespace piperpc::internal
