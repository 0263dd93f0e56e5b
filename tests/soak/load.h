// All actors at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "auth/v1/auth.pb.h"
#include "soak/actor.h"

namespace piperpc::soak {

inline constexpr std::string_view kPassword = "secret";
inline constexpr std::string_view kGuessedUser = "guessed";  // Whose password others try to guess.

auth::v1::LoginRequest LoginOf(std::string_view user, std::string_view password);

// Makes a piperpcd start the threads that it keeps, so that what is there afterwards is what has to
// be there after the load, too; and fills the memory that it keeps for large messages.
absl::Status WarmUpDaemon(const Target& target);

// Fills the memory that the other server and this process keep for large messages (LargeBufferPool
// in rpc/src/connection/packet_buffer.h).
absl::Status WarmUpShapes(const Target& target);

// Warms up, tells "READY", and when a line comes from standard input begins the load, which goes on
// until the next one comes. Prints what came of it, as JSON, when nothing of it is left. Returns
// when standard input ends.
absl::Status RunLoad(const Target& target, std::uint32_t seed);

}  // namespace piperpc::soak
