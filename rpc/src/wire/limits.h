// The constants that both sides of the wire share. PROTOCOL.md explains each.
#pragma once

#include <cstddef>
#include <cstdint>

namespace piperpc::wire {

inline constexpr std::uint32_t kMagic = 0x43505250;  // "PRPC", little-endian.
inline constexpr std::uint32_t kMinVersion = 1;
inline constexpr std::uint32_t kMaxVersion = 1;

// What a client may send before the server's Hello has come.
inline constexpr std::size_t kEarlyPacketBytes = 64 * 1024;
inline constexpr std::size_t kEarlyMessageBytes = 64 * 1024;
inline constexpr std::uint32_t kEarlyCalls = 16;
inline constexpr std::uint64_t kEarlyCredit = 64 * 1024;
inline constexpr std::size_t kEarlyMetadataBytes = 8 * 1024;

inline constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
inline constexpr std::size_t kMaxMethodBytes = 1024;
inline constexpr std::size_t kMaxMetadataBytes = 16 * 1024;  // The hard limit.
inline constexpr std::size_t kMaxPingBytes = 64;
inline constexpr std::size_t kMaxStatusBytes = 16 * 1024;
inline constexpr std::size_t kMaxStatusDetails = 64;  // Further ones are left out and ignored.
inline constexpr std::size_t kMaxKeyBytes = 64;       // A metadata key.
inline constexpr std::uint64_t kMaxMessageBytes = 0x7fffffff;  // protobuf's own limit: 2 GiB - 1.

// What a stream's message costs of its credit, beyond its bytes.
inline constexpr std::uint64_t kMessageOverhead = 32;

}  // namespace piperpc::wire
