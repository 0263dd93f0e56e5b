#include "interop/frames.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace piperpc::interop {
namespace {

constexpr std::uint32_t kMagic = 0x43505250;
constexpr std::size_t kPrefix = 4;

std::string Prefixed(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < kPrefix; ++i) {
    out += static_cast<char>(bytes.size() >> (8 * i) & 0xff);
  }
  return out.append(bytes);
}

// What stands behind the length at the front of `packet`, and takes both away from it.
std::optional<std::string_view> TakePrefixed(std::string_view& packet) {
  if (packet.size() < kPrefix) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < kPrefix; ++i) {
    size |= static_cast<std::size_t>(static_cast<unsigned char>(packet[i])) << (8 * i);
  }
  packet.remove_prefix(kPrefix);
  if (packet.size() < size) return std::nullopt;
  const std::string_view bytes = packet.substr(0, size);
  packet.remove_prefix(size);
  return bytes;
}

}  // namespace

std::string Encode(const v1::FrameHeader& header, std::string_view payload) {
  return Prefixed(header.SerializeAsString()) + Prefixed(payload);
}

std::vector<std::string> Split(v1::FrameHeader header, std::string_view message, std::size_t room) {
  if (message.size() <= room) return {Encode(header, message)};
  std::vector<std::string> frames;
  header.set_message_size(message.size());
  const std::uint32_t flags = header.flags();
  for (std::size_t begin = 0; begin < message.size(); begin += room) {
    const bool more = begin + room < message.size();
    header.set_flags((begin == 0 ? flags : 0) | (more ? v1::FRAME_FLAG_MORE : 0));
    frames.push_back(Encode(header, message.substr(begin, room)));
    v1::FrameHeader next;
    next.set_kind(header.kind());
    next.set_call_id(header.call_id());
    header = next;
  }
  return frames;
}

std::string HelloFrame() {
  v1::Hello hello;
  hello.set_magic(kMagic);
  hello.set_min_version(1);
  hello.set_max_version(1);
  hello.set_max_packet_bytes(128 * 1024);
  hello.set_max_message_bytes(4 << 20);
  hello.set_max_metadata_bytes(8192);
  hello.set_initial_credit(64 * 1024);
  hello.set_implementation("piperpc-interop/1");
  v1::FrameHeader header;
  header.set_kind(v1::FRAME_KIND_HELLO);
  return Encode(header, hello.SerializeAsString());
}

v1::FrameHeader RequestHeader(std::uint64_t call_id, const std::string& method) {
  v1::FrameHeader header;
  header.set_kind(v1::FRAME_KIND_REQUEST);
  header.set_call_id(call_id);
  header.set_method(method);
  header.set_flags(v1::FRAME_FLAG_END);
  header.set_timeout_us(20'000'000);
  return header;
}

std::vector<Frame> Decode(std::string_view packet) {
  std::vector<Frame> frames;
  while (!packet.empty()) {
    const auto header = TakePrefixed(packet);
    const auto payload = header ? TakePrefixed(packet) : std::nullopt;
    Frame frame;
    if (!payload || !frame.header.ParseFromString(std::string(*header))) {
      ADD_FAILURE() << "a packet that is not made of whole frames";
      break;
    }
    frame.payload = std::string(*payload);
    frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace piperpc::interop
