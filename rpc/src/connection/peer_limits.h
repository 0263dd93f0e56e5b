// What the peer takes: of its Hello, or, before that, what PROTOCOL.md lets every peer count on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "src/wire/control.h"
#include "src/wire/limits.h"

namespace piperpc::connection {

struct PeerLimits {
  std::uint64_t max_message_bytes = wire::kEarlyMessageBytes;
  std::uint64_t initial_credit = wire::kEarlyCredit;  // Of each stream, in bytes.
  std::uint32_t max_packet_bytes = wire::kEarlyPacketBytes;
  std::uint32_t max_metadata_bytes = wire::kEarlyMetadataBytes;
  std::uint32_t max_calls = wire::kEarlyCalls;  // At once.

  bool Takes(std::size_t message_size) const { return message_size <= max_message_bytes; }
};

// `max_packet`: what the pipe carries.
inline PeerLimits LimitsOf(const wire::Hello& hello, std::size_t max_packet) {
  return {.max_message_bytes = hello.max_message_bytes,
          .initial_credit = hello.initial_credit,
          .max_packet_bytes =
              static_cast<std::uint32_t>(std::min<std::size_t>(hello.max_packet_bytes, max_packet)),
          .max_metadata_bytes = hello.max_metadata_bytes,
          .max_calls = hello.max_calls};
}

}  // namespace piperpc::connection
