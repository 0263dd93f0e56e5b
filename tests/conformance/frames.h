// Frames by hand, good ones and damaged ones: what the cases of this folder are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/wire/control.h"
#include "src/wire/frame.h"
#include "support/call_frames.h"
#include "support/wire_client.h"

namespace piperpc::conformance {

using testing::Cancel;
using testing::Encode;
using testing::EncodedHello;
using testing::HalfClose;
using testing::Message;
using testing::Opening;
using wire::FrameHeader;
using wire::FrameKind;

// The fields of a FrameHeader.
enum HeaderField : std::uint32_t {
  kKind = 1,
  kCallId = 2,
  kFlags = 3,
  kMethod = 4,
  kTimeout = 5,
  kMetadata = 6,
  kStatus = 7,
  kCredit = 8,
  kMessageSize = 9,
};

// --- Bytes. ---

std::string Hex(std::string_view digits);  // Spaces are left out.
std::string U32(std::uint32_t value);      // A length, as it stands before what it counts.
std::string Varint(std::uint64_t value);
std::string Repeat(std::string_view bytes, std::size_t times);

// A field, written also where its value is 0 or empty.
std::string VarintField(std::uint32_t number, std::uint64_t value);
std::string BytesField(std::uint32_t number, std::string_view bytes);

// A field of any wire type from 0 to 7, with a value where the type has one.
std::string FieldOfType(std::uint32_t number, std::uint32_t wire_type);

// A frame with these very bytes as its header, and lengths that are right.
std::string RawFrame(std::string_view header, std::string_view payload = {});

// The header of a frame without its lengths; to put fields before or behind it.
std::string HeaderOf(const FrameHeader& header);

// --- Frames of a client that is well behaved. ---

inline constexpr char kEcho[] = "test.v1.Test/Echo";
inline constexpr char kWait[] = "test.v1.Test/Wait";
inline constexpr char kConcat[] = "test.v1.Test/Concat";
inline constexpr char kReadLate[] = "test.v1.Test/ReadLate";
inline constexpr char kMeta[] = "test.v1.Test/Meta";
inline constexpr char kForever[] = "test.v1.Test/Forever";
inline constexpr char kCount[] = "test.v1.Test/Count";

std::string Request(std::uint64_t id, std::string_view method, std::string_view payload = {});
std::string Credit(std::uint64_t id, std::uint64_t credit);
std::string Response(std::uint64_t id, std::string_view payload = {});
std::string Ping(std::string_view payload = {});
std::string Pong(std::string_view payload = {});
std::string Goaway(std::string_view payload = {});
std::string GoawayWith(const absl::Status& status, std::uint64_t last_call_id);

// A frame of a message that is split; `size` is its message_size, 0 for none.
std::string Part(FrameKind kind, std::uint64_t id, std::uint64_t size, std::string_view payload);
std::string LastPart(FrameKind kind, std::uint64_t id, std::string_view payload);

}  // namespace piperpc::conformance
