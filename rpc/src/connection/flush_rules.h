// When frames leave before the end of an iteration of the loop, on both sides.
#pragma once

#include <cstddef>

namespace piperpc::connection {

// This many requests, or responses, are worth a packet of their own while more are being made: the
// other side works on them meanwhile.
inline constexpr std::size_t kFramesOfAPacket = 32;

// This many that one packet has led to leave before the loop serves its next connection, for the
// same reason. For fewer, what is lost of the processors' caches by going to and fro between
// receiving and sending costs more than the other side gains.
inline constexpr std::size_t kFramesNotToWait = 3;

}  // namespace piperpc::connection
