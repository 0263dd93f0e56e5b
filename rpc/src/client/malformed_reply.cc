#include "absl/strings/str_cat.h"
#include "piperpc/client.h"
#include "src/base/text.h"

namespace piperpc::internal {

absl::Status MalformedReply(std::string_view method) {
  return absl::InternalError(
      absl::StrCat("the server's reply is no message that fits: ", ToAbsl(method)));
}

}  // namespace piperpc::internal
