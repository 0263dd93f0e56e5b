// A frame as PipeRPC's code sees it. PROTOCOL.md is the law; these are its words in C++.
//
// Everything here is a pure function of bytes. A decoded frame holds views into the packet it came
// from and owns nothing, so decoding allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "src/wire/varint.h"

namespace piperpc::wire {

using Bytes = std::span<const char>;

enum class FrameKind : std::uint32_t {
  kHello = 1,
  kRequest = 2,
  kMessage = 3,
  kHalfClose = 4,
  kResponse = 5,
  kCancel = 6,
  kCredit = 7,
  kPing = 8,
  kPong = 9,
  kGoaway = 10,
};

// One that is not named above; a peer may send it if it is optional.
constexpr bool IsUnknown(FrameKind kind) {
  return kind < FrameKind::kHello || kind > FrameKind::kGoaway;
}

// Bits of FrameHeader::flags.
inline constexpr std::uint32_t kMore = 1;
inline constexpr std::uint32_t kEnd = 2;
inline constexpr std::uint32_t kOptional = 4;

// The header of a frame. `metadata` and `status` stay encoded until somebody wants them
// (wire/metadata.h, wire/status.h): most calls carry neither.
struct FrameHeader {
  FrameKind kind{};
  std::uint64_t call_id = 0;
  std::uint32_t flags = 0;
  std::string_view method{};
  std::uint64_t timeout_us = 0;
  // The encoded `metadata` fields (tags and all), which must be adjacent; sized by
  // max_metadata_bytes.
  std::string_view metadata{};
  std::string_view status{};  // The bytes of the encoded Status message; !has_status: OK.
  bool has_status = false;
  std::uint64_t credit = 0;
  std::uint64_t message_size = 0;

  bool more() const { return (flags & kMore) != 0; }
  bool end() const { return (flags & kEnd) != 0; }
  bool optional() const { return (flags & kOptional) != 0; }
};

struct Frame {
  FrameHeader header;
  Bytes payload;
};

// The bytes that the frame takes in a packet, given its payload's size.
std::size_t FrameSize(const FrameHeader& header, std::size_t payload_size);

// No less than that, and found with less work: for a buffer to write to.
inline std::size_t FrameSizeBound(const FrameHeader& header, std::size_t payload_size) {
  // Two length prefixes, and the tags and varints of eight fields at their longest.
  constexpr std::size_t kWithoutBytes = 2 * 4 + 8 * 11;
  return kWithoutBytes + header.method.size() + header.metadata.size() + header.status.size() +
         payload_size;
}

// Writes both length prefixes and the header at `out`, which has room for FrameSize(), and gives
// the place where the payload's `payload_size` bytes belong (not written here).
char* EncodeFramePrefix(const FrameHeader& header, std::size_t payload_size, char* out);

// The same for a gathered send: writes all that stands before the payload. Its size is
// FrameSize(header, payload_size) - payload_size.
inline std::size_t FramePrefixSize(const FrameHeader& header) { return FrameSize(header, 0); }

// EncodeFramePrefix() in less time, for a MESSAGE whose header has no field but its kind and its
// call. `out` has room for kMessagePrefixBound bytes.
char* EncodeMessagePrefix(std::uint64_t call_id, std::size_t payload_size, char* out);
inline constexpr std::size_t kMessagePrefixBound = 2 * 4 + 2 + 1 + kMaxVarintBytes;

// Walks the frames of one packet.
class PacketReader {
 public:
  explicit PacketReader(Bytes packet) : rest_(packet) {}
  bool done() const { return rest_.empty(); }
  Bytes rest() const { return rest_; }  // What Next() has not looked at.

  // Fills `frame` with the next one, views into the packet. Only when !done(). False: the packet is
  // damaged, the reader is done, and the connection cannot go on. Unknown kinds are no damage: the
  // session judges them.
  bool Next(Frame& frame);

  // After that, INVALID_ARGUMENT: what is wrong, the value and the limit.
  const absl::Status& damage() const { return damage_; }

 private:
  bool Stop(absl::Status damage);

  Bytes rest_;
  absl::Status damage_;
};

}  // namespace piperpc::wire
