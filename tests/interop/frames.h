// Frames as rpc/PROTOCOL.md has them, made with protobuf's own code for frame.proto: nothing of the
// library that is tested.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "piperpc/v1/frame.pb.h"

namespace piperpc::interop {

struct Frame {
  v1::FrameHeader header;
  std::string payload;
};

// The bytes of one frame.
std::string Encode(const v1::FrameHeader& header, std::string_view payload = {});

// The frames of a message with `header`, none of them with more payload than `room`.
std::vector<std::string> Split(v1::FrameHeader header, std::string_view message, std::size_t room);

// A client's first frame.
std::string HelloFrame();

// A call's first frame: all of its request, and no more to come.
v1::FrameHeader RequestHeader(std::uint64_t call_id, const std::string& method);

// All frames of a packet. Fails the test, and gives those in front, when the packet is not whole.
std::vector<Frame> Decode(std::string_view packet);

}  // namespace piperpc::interop
