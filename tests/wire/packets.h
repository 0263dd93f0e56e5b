// Packets for the wire tests: made by the code under test, or by hand where they are damaged.
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "src/wire/frame.h"
#include "src/wire/varint.h"

namespace piperpc::wire {

inline std::string EncodeFrame(const FrameHeader& header, std::string_view payload) {
  std::string packet(FrameSize(header, payload.size()), '\0');
  char* const place = EncodeFramePrefix(header, payload.size(), packet.data());
  if (!payload.empty()) std::memcpy(place, payload.data(), payload.size());
  return packet;
}

inline std::string LengthPrefix(std::uint32_t size) {
  char bytes[4];
  return std::string(bytes, PutU32(size, bytes));
}

// A frame with these very bytes as its header, true lengths, and no payload.
inline std::string FrameWithHeader(std::string_view header) {
  return LengthPrefix(static_cast<std::uint32_t>(header.size())) + std::string(header) +
         LengthPrefix(0);
}

// Bytes written as numbers, because "\x01f" is not what it seems.
inline std::string FromBytes(std::initializer_list<int> bytes) {
  std::string text;
  for (int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

// A field of protobuf's wire type 2, whose number is below 16.
inline std::string BytesField(int number, std::string_view bytes) {
  char size[kMaxVarintBytes];
  return FromBytes({number << 3 | 2}) + std::string(size, PutVarint(bytes.size(), size)) +
         std::string(bytes);
}

// The first frame of a packet that must outlive it.
inline absl::StatusOr<Frame> FirstFrame(std::string_view packet) {
  PacketReader reader(packet);
  Frame frame;
  if (!reader.Next(frame)) return reader.damage();
  return frame;
}

inline std::string_view Text(Bytes bytes) { return {bytes.data(), bytes.size()}; }

// A REQUEST that uses most of what a header has.
inline FrameHeader SomeRequest() {
  FrameHeader header;
  header.kind = FrameKind::kRequest;
  header.call_id = 7;
  header.flags = kEnd;
  header.method = "upper.v1.UpperService/Uppercase";
  header.timeout_us = 1'500'000;
  return header;
}

}  // namespace piperpc::wire
