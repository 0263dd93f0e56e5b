#include "src/client/errors.h"

#include "absl/strings/str_cat.h"
#include "piperpc/client.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/wire/limits.h"

namespace piperpc {
namespace client {

namespace {

// "Greet", as the functions of generated clients are named.
absl::string_view ShortName(std::string_view method) {
  return base::ToAbsl(method.substr(method.rfind('/') + 1));  // All of it, where there is none.
}

}  // namespace

std::string FormsOfUnary(std::string_view method) {
  const absl::string_view name = ShortName(method);
  return absl::StrCat("Co", name, "() or ", name,
                      "Async() (of a RawClient: CoUnary() or UnaryAsync())");
}

std::string FormsOfStream(std::string_view method) {
  return absl::StrCat(
      "CoNext(), CoWrite() or CoFinish() of the stream, or the form with callbacks, ",
      ShortName(method),
      "Async() (of a RawClient: ServerStreamingAsync(), ClientStreamingAsync() or "
      "BidirectionalAsync())");
}

absl::Status NoSuchName(std::size_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat("the method name has ", size, " bytes; it must have 1 to ",
                   wire::kMaxMethodBytes, ", as in package.Service/Method"));
}

absl::Status StreamsItsReplies(std::string_view method) {
  return absl::InvalidArgumentError(absl::StrCat(
      base::ToAbsl(method), " streams its replies, but was called as a method that returns one"));
}

absl::Status GivesOneReply(std::string_view method) {
  return absl::InvalidArgumentError(
      absl::StrCat(base::ToAbsl(method),
                   " returns one reply, but was called as a method that streams its replies"));
}

absl::Status AboveServersLimit(std::string_view what, std::size_t size, std::uint64_t limit,
                               std::string_view option) {
  return absl::ResourceExhaustedError(absl::StrCat("the ", base::ToAbsl(what), " has ", size,
                                                   " bytes; the server's limit is ", limit,
                                                   " (ServerOptions::", base::ToAbsl(option), ")"));
}

absl::Status CancelledByCaller() {
  return base::ErrorInMemory([] { return absl::CancelledError("the caller cancelled the call"); },
                             absl::StatusCode::kCancelled);
}

absl::Status WriterDropped() {
  return base::ErrorInMemory(
      [] { return absl::CancelledError("the last AsyncWriter was destroyed before WritesDone()"); },
      absl::StatusCode::kCancelled);
}

absl::Status ChannelWasClosed() {
  return base::ErrorInMemory([] { return absl::CancelledError("the channel was closed"); },
                             absl::StatusCode::kCancelled);
}

absl::Status ThrownBy(std::string_view who, const std::exception_ptr& thrown) {
  const bool no_memory = base::IsOutOfMemory(thrown);
  const absl::StatusCode code =
      no_memory ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kInternal;
  return base::ErrorInMemory(
      [&] {
        const std::string_view what =
            no_memory ? " ran out of memory; try again later, or with less data"
                      : " threw an exception; the channel's log says what (ChannelOptions::log)";
        return absl::Status(code, absl::StrCat(base::ToAbsl(who), base::ToAbsl(what)));
      },
      code);
}

}  // namespace client

namespace internal {

absl::Status MalformedReply(std::string_view what, std::size_t size, ParseResult why) {
  return Unparsed(absl::StatusCode::kInternal,
                  absl::StrCat("cannot parse the server's reply, ", base::ToAbsl(what)), size, why);
}

}  // namespace internal
}  // namespace piperpc
