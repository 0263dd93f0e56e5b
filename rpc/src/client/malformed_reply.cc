#include "absl/strings/str_cat.h"
#include "piperpc/client.h"
#include "src/base/text.h"

namespace piperpc::internal {

absl::Status MalformedReply(std::string_view what, std::size_t size, ParseResult why) {
  return Unparsed(absl::StatusCode::kInternal,
                  absl::StrCat("cannot parse the server's reply, ", ToAbsl(what)), size, why);
}

}  // namespace piperpc::internal
