// What a peer is told that broke a rule of the protocol which holds for both sides. Each is
// INVALID_ARGUMENT, ends the connection, and names what was seen and the limit.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "src/wire/frame.h"

namespace piperpc::connection {

absl::Status PacketTooLarge(std::size_t size, std::size_t limit);
absl::Status FirstFrameIsNotHello(wire::FrameKind kind);
absl::Status SecondHello();
absl::Status PingTooLarge(std::size_t size);
absl::Status CallNeverBegun(const wire::FrameHeader& header);

// A kind that is unknown, or that only the other side may send.
absl::Status UnexpectedFrame(const wire::FrameHeader& header);

}  // namespace piperpc::connection
