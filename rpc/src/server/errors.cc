#include "src/server/errors.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/codec.h"
#include "src/base/memory.h"
#include "src/base/text.h"

namespace piperpc::server {

absl::Status CallIdNotAboveLast(std::uint64_t call_id, std::uint64_t last) {
  return absl::InvalidArgumentError(
      absl::StrCat("the call id ", call_id, " is not above the last one, which was ", last));
}

absl::Status RequestAfterGoaway(std::uint64_t call_id) {
  return absl::InvalidArgumentError(
      absl::StrCat("the request of call ", call_id, " came after the client's own goaway"));
}

absl::Status PayloadWithoutEnd(const wire::Frame& frame) {
  return absl::InvalidArgumentError(absl::StrCat("the request frame of call ", frame.header.call_id,
                                                 " has a payload of ", frame.payload.size(),
                                                 " bytes, but no END flag"));
}

absl::Status MessageAfterLast(std::uint64_t call_id) {
  return absl::InvalidArgumentError(
      absl::StrCat("call ", call_id, " sent a message after its last one"));
}

absl::Status FrameCannotCarryMessage(const wire::FrameHeader& header) {
  return absl::InvalidArgumentError(
      absl::StrCat("a frame of kind ", static_cast<std::uint32_t>(header.kind),
                   " cannot carry a message of call ", header.call_id));
}

absl::Status HalfCloseAgain(std::uint64_t call_id) {
  return absl::InvalidArgumentError(absl::StrCat("call ", call_id, " was half-closed twice"));
}

absl::Status HalfCloseInMessage(std::uint64_t call_id) {
  return absl::InvalidArgumentError(
      absl::StrCat("call ", call_id, " was half-closed in the middle of a message"));
}

absl::Status NoHelloInTime(const ServerOptions& options) {
  return absl::DeadlineExceededError(
      absl::StrCat("no Hello came within ", options.hello_timeout.count(), " ms (hello_timeout)"));
}

absl::Status TooMuchKept(std::size_t limit) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "packets of this user's connections that wait for one event loop take more than ", limit,
      " bytes; read the replies, or send less at once"));
}

absl::Status TooManyCalls(std::size_t calls, std::size_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat(calls, " calls are in flight on this connection (a cancelled one counts until ",
                   "its handler has ended); the limit is ", limit, " (max_calls_per_connection)"));
}

absl::Status WrongMethodType(const wire::FrameHeader& header) {
  return absl::InvalidArgumentError(absl::StrCat(
      base::ToAbsl(header.method),
      header.end() ? " takes a stream of requests, but was called with a single request"
                   : " takes one request, but was called with a stream of requests"));
}

absl::Status MetadataTooLarge(std::size_t size, std::size_t limit) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "the metadata has ", size, " bytes; the limit is ", limit, " (max_metadata_bytes)"));
}

absl::Status NeedsLogin(std::string_view method) {
  return absl::UnauthenticatedError(
      absl::StrCat(base::ToAbsl(method), " requires a login; log in on this connection first"));
}

absl::Status MessageWithoutCredit(std::uint64_t size, std::uint64_t window) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "a message of ", size, " bytes was sent without credit; the window is ", window, " bytes"));
}

absl::Status TrailersTooLarge(const absl::Status& cause) {
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot send the trailers: ", cause.message(),
                   " (the client's ChannelOptions::max_metadata_bytes)"));
}

absl::Status ReplyTooLarge(std::size_t size, std::size_t limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the reply has ", size, " bytes; the client accepts at most ", limit, " (",
                   base::ToAbsl(internal::kClientMessageLimit), ")"));
}

absl::Status StoppedWithoutReason(std::string_view method) {
  return absl::InternalError(absl::StrCat("the handler or a middleware of ", base::ToAbsl(method),
                                          " stopped the call with an OK status"));
}

absl::Status RepliesNotRead(std::size_t waiting, base::Duration time) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "the pipe to the client has taken nothing for ",
      std::chrono::duration_cast<std::chrono::milliseconds>(time).count(), " ms, while ", waiting,
      " bytes of replies wait for it; the limit is message_timeout, for replies above "
      "output_queue_bytes; read faster"));
}

absl::Status NoRoomToReply(std::size_t waiting, std::string_view limit) {
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot queue the reply: ", waiting,
                   " bytes of replies would wait for this client beyond its output queue, ",
                   "which exceeds, with those for other clients, ", base::ToAbsl(limit),
                   "; try again later, or make fewer calls with large replies at once"));
}

absl::Status FailedUnexpectedly(std::string_view what, std::string_view method) {
  return base::ErrorInMemory([&] {
    return absl::InternalError(absl::StrCat(base::ToAbsl(what), " in ", base::ToAbsl(method),
                                            "; the server's log says more (ServerOptions::log)"));
  });
}

absl::Status HandlerOutOfMemory(std::string_view method) {
  return base::ErrorInMemory([&] {
    return absl::ResourceExhaustedError(absl::StrCat(
        base::ToAbsl(method), " ran out of memory; try again later, or with a smaller request"));
  });
}

absl::Status MessageTooSlow(std::uint64_t size, base::Duration allowed) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(allowed).count();
  return absl::DeadlineExceededError(
      absl::StrCat("a message of ", size, " bytes was still incomplete ", milliseconds,
                   " ms after its first frame (message_timeout); send it faster"));
}

absl::Status DeadlineExceeded(std::string_view doing, std::string_view method,
                              base::Duration allowed) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(allowed).count();
  return absl::DeadlineExceededError(absl::StrCat("the deadline has passed while ",
                                                  base::ToAbsl(doing), " ", base::ToAbsl(method),
                                                  ", after ", milliseconds, " ms"));
}

}  // namespace piperpc::server
