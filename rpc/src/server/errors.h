// What a client is told when it did what it may not. Each text has what was seen, and the limit.
// Apart from where it is found out: the way of a good call stays short, for readers and in code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/server.h"
#include "src/base/clock.h"
#include "src/wire/frame.h"

namespace piperpc::server {

// Violations of the protocol: INVALID_ARGUMENT, and the end of the connection.
absl::Status CallIdNotAboveLast(std::uint64_t call_id, std::uint64_t last);
absl::Status RequestAfterGoaway(std::uint64_t call_id);
absl::Status PayloadWithoutEnd(const wire::Frame& frame);
absl::Status MessageAfterLast(std::uint64_t call_id);
absl::Status FrameCannotCarryMessage(const wire::FrameHeader& header);
absl::Status HalfCloseAgain(std::uint64_t call_id);
absl::Status HalfCloseInMessage(std::uint64_t call_id);

// The end of the connection, too.
absl::Status NoHelloInTime(const ServerOptions& options);
absl::Status TooMuchKept(std::size_t limit);

// These end the call.
absl::Status TooManyCalls(std::size_t calls, std::size_t limit);
absl::Status WrongMethodType(const wire::FrameHeader& header);
absl::Status MetadataTooLarge(std::size_t size, std::size_t limit);
absl::Status NeedsLogin(std::string_view method);
absl::Status MessageWithoutCredit(std::uint64_t size, std::uint64_t window);
absl::Status StoppedWithoutReason(std::string_view method);
absl::Status TrailersTooLarge(const absl::Status& cause);
absl::Status ReplyTooLarge(std::size_t size, std::size_t limit);

// `waiting`: bytes above the output queue; `limit`: MemoryShare::LimitInTheWay().
absl::Status RepliesNotRead(std::size_t waiting, base::Duration time);
absl::Status NoRoomToReply(std::size_t waiting, std::string_view limit);
// INTERNAL: `what` has happened, which is the fault of the server; the details are for its log
// only. Where there is no memory even for the text, RESOURCE_EXHAUSTED without one.
absl::Status FailedUnexpectedly(std::string_view what, std::string_view method);
absl::Status HandlerOutOfMemory(std::string_view method);
absl::Status MessageTooSlow(std::uint64_t size, base::Duration allowed);
// `doing` says what with the method. The client's own text is alike: see client/core.h.
absl::Status DeadlineExceeded(std::string_view doing, std::string_view method,
                              base::Duration allowed);

}  // namespace piperpc::server
