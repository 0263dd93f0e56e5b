// The ranges of ServerOptions.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "piperpc/server.h"

namespace piperpc::server {

// What a message takes beside its bytes.
inline constexpr std::size_t kMessageOverhead = 128;

// INVALID_ARGUMENT names the first option that is out of its range, its value and the range.
absl::Status CheckOptions(const ServerOptions& options);

// Lowers max_connections to what the system's descriptors are enough for, of which `capacity` are
// left, and max_connections_per_user to three quarters of that: so nobody can take them all, and
// whoever comes too late can still be told so. False: nothing had to change.
bool FitConnections(std::size_t capacity, ServerOptions& options);

// What the options below amount to: where they are 0, and in such a way that a message of
// max_message_bytes always fits.
std::size_t ParseBudget(const ServerOptions& options);
std::size_t ConnectionShare(const ServerOptions& options);
std::size_t UserShare(const ServerOptions& options);
std::size_t ReplyBudget(const ServerOptions& options);
std::size_t ReplyShare(const ServerOptions& options);      // Of a connection,
std::size_t UserReplyShare(const ServerOptions& options);  // and of a user.

}  // namespace piperpc::server
