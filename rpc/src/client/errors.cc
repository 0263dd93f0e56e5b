#include "src/client/errors.h"

#include "absl/strings/str_cat.h"
#include "piperpc/client.h"
#include "src/base/text.h"
#include "src/wire/limits.h"

namespace piperpc {
namespace client {

absl::Status NoSuchName(std::size_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat("the method name has ", size, " bytes; it must have 1 to ",
                   wire::kMaxMethodBytes, ", as in package.Service/Method"));
}

absl::Status StreamsItsReplies(std::string_view method) {
  return absl::InvalidArgumentError(absl::StrCat(
      ToAbsl(method), " streams its replies, but was called as a method that returns one"));
}

absl::Status GivesOneReply(std::string_view method) {
  return absl::InvalidArgumentError(absl::StrCat(
      ToAbsl(method), " returns one reply, but was called as a method that streams its replies"));
}

}  // namespace client

namespace internal {

absl::Status MalformedReply(std::string_view what, std::size_t size, ParseResult why) {
  return Unparsed(absl::StatusCode::kInternal,
                  absl::StrCat("cannot parse the server's reply, ", ToAbsl(what)), size, why);
}

}  // namespace internal
}  // namespace piperpc
