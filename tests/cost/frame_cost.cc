// Encodes and decodes frames, for a test that counts from outside what that costs.
//
//     frame_cost encode COUNT   frames: requests and responses by turns, in packets of kFrames
//     frame_cost decode COUNT
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "src/wire/frame.h"

namespace piperpc::wire {
namespace {

constexpr std::uint64_t kFrames = 64;
constexpr std::string_view kPayload = "as many bytes as a small message";

FrameHeader HeaderOf(std::uint64_t number) {
  const std::uint64_t call_id = 1000 + number / 2;
  if (number % 2 == 1) return {.kind = FrameKind::kResponse, .call_id = call_id};
  return {.kind = FrameKind::kRequest,
          .call_id = call_id,
          .flags = kEnd,
          .method = "cost.v1.CostService/Add",
          .timeout_us = 30'000'000};
}

// Gives the size.
std::size_t EncodePacket(std::vector<char>& packet) {
  char* at = packet.data();
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    const FrameHeader header = HeaderOf(i);
    if (FrameSizeBound(header, kPayload.size()) > packet.size()) std::abort();
    at = EncodeFramePrefix(header, kPayload.size(), at);
    std::memcpy(at, kPayload.data(), kPayload.size());
    at += kPayload.size();
  }
  return static_cast<std::size_t>(at - packet.data());
}

// Gives how many frames it has.
std::uint64_t DecodePacket(Bytes packet) {
  std::uint64_t frames = 0;
  for (PacketReader reader(packet); !reader.done(); ++frames) {
    Frame frame;
    if (!reader.Next(frame) || frame.payload.size() != kPayload.size()) std::abort();
  }
  return frames;
}

int Main(std::string_view what, std::uint64_t count) {
  std::vector<char> packet(64 * 1024);
  const std::size_t size = EncodePacket(packet);
  for (std::uint64_t done = 0; done < count; done += kFrames) {
    if (what == "encode") {
      if (EncodePacket(packet) != size) return 1;
    } else {
      if (DecodePacket(Bytes(packet).first(size)) != kFrames) return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace piperpc::wire

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: frame_cost encode|decode COUNT\n", stderr);
    return 2;
  }
  return piperpc::wire::Main(argv[1], std::strtoull(argv[2], nullptr, 10));
}
