// The rules that every Send() has for its packet.
#pragma once

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {

inline constexpr std::size_t kMaxSlices = 64;

std::size_t PacketSize(std::span<const Bytes> slices);

// INVALID_ARGUMENT when the packet is empty, too large, or in too many slices.
absl::Status CheckPacket(std::span<const Bytes> slices);

}  // namespace piperpc::transport
