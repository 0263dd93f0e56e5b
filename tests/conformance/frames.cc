#include "conformance/frames.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "src/base/text.h"
#include "src/wire/varint.h"

namespace piperpc::conformance {
namespace {

constexpr std::uint32_t kBytesType = 2;

std::string Tag(std::uint32_t number, std::uint32_t wire_type) {
  return Varint(std::uint64_t{number} << 3 | wire_type);
}

// The part of a REQUEST that its first frame alone has.
FrameHeader PartHeader(FrameKind kind, std::uint64_t id) {
  FrameHeader header{.kind = kind, .call_id = id};
  if (kind == FrameKind::kRequest) header.flags = wire::kEnd;
  return header;
}

}  // namespace

std::string Hex(std::string_view digits) {
  return absl::HexStringToBytes(absl::StrReplaceAll(base::ToAbsl(digits), {{" ", ""}}));
}

std::string U32(std::uint32_t value) {
  char bytes[4];
  return {bytes, wire::PutU32(value, bytes)};
}

std::string Varint(std::uint64_t value) {
  char bytes[wire::kMaxVarintBytes];
  return {bytes, wire::PutVarint(value, bytes)};
}

std::string Repeat(std::string_view bytes, std::size_t times) {
  std::string all;
  all.reserve(bytes.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += bytes;
  return all;
}

std::string VarintField(std::uint32_t number, std::uint64_t value) {
  return Tag(number, 0) + Varint(value);
}

std::string BytesField(std::uint32_t number, std::string_view bytes) {
  return Tag(number, kBytesType) + Varint(bytes.size()) + std::string(bytes);
}

std::string FieldOfType(std::uint32_t number, std::uint32_t wire_type) {
  // A varint, a fixed64, one byte of bytes, the begin and the end of a group, a fixed32, nothing.
  static const std::string values[] = {"\x01", "12345678", "\x01x", "", "", "1234", "", ""};
  return Tag(number, wire_type) + values[wire_type];
}

std::string RawFrame(std::string_view header, std::string_view payload) {
  return U32(static_cast<std::uint32_t>(header.size())) + std::string(header) +
         U32(static_cast<std::uint32_t>(payload.size())) + std::string(payload);
}

std::string HeaderOf(const FrameHeader& header) {
  const std::string frame = Encode(header);
  return frame.substr(4, frame.size() - 8);
}

std::string Request(std::uint64_t id, std::string_view method, std::string_view payload) {
  return testing::EncodedRequest(id, method, payload);
}

std::string Credit(std::uint64_t id, std::uint64_t credit) {
  return Encode({.kind = FrameKind::kCredit, .call_id = id, .credit = credit});
}

std::string Response(std::uint64_t id, std::string_view payload) {
  return Encode({.kind = FrameKind::kResponse, .call_id = id}, payload);
}

std::string Ping(std::string_view payload) { return Encode({.kind = FrameKind::kPing}, payload); }

std::string Pong(std::string_view payload) { return Encode({.kind = FrameKind::kPong}, payload); }

std::string Goaway(std::string_view payload) {
  return Encode({.kind = FrameKind::kGoaway}, payload);
}

std::string GoawayWith(const absl::Status& status, std::uint64_t last_call_id) {
  return Goaway(wire::EncodeGoaway({status, last_call_id}));
}

std::string Part(FrameKind kind, std::uint64_t id, std::uint64_t size, std::string_view payload) {
  FrameHeader header = PartHeader(kind, id);
  header.flags |= wire::kMore;
  header.message_size = size;
  return Encode(header, payload);
}

std::string LastPart(FrameKind kind, std::uint64_t id, std::string_view payload) {
  return Encode(PartHeader(kind, id), payload);
}

}  // namespace piperpc::conformance
