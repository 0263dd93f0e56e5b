// What callers are told whose call this side ended or refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::client {

// The forms of a call of `method` that do not block: of one with a single reply, and of a stream.
std::string FormsOfUnary(std::string_view method);
std::string FormsOfStream(std::string_view method);

// INVALID_ARGUMENT: no method has a name of `size` bytes.
absl::Status NoSuchName(std::size_t size);

// INVALID_ARGUMENT: the call was made as of another type of method than the server has.
absl::Status StreamsItsReplies(std::string_view method);
absl::Status GivesOneReply(std::string_view method);

// RESOURCE_EXHAUSTED: the server does not take `what`, which has `size` bytes.
absl::Status AboveServersLimit(std::string_view what, std::size_t size, std::uint64_t limit,
                               std::string_view option);

// CANCELLED, which is told without memory, too.
absl::Status CancelledByCaller();
absl::Status WriterDropped();
absl::Status ChannelWasClosed();

// RESOURCE_EXHAUSTED: it had no memory; INTERNAL: anything else, of which the log says more. `who`:
// code of the user's.
absl::Status ThrownBy(std::string_view who, const std::exception_ptr& thrown);

}  // namespace piperpc::client
