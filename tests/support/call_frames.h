// Frames of one call, as a client encodes them. EncodedRequest() is in wire_client.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/wire/frame.h"
#include "support/wire_client.h"

namespace piperpc::testing {

// The REQUEST of a stream of requests.
inline std::string Opening(std::uint64_t id, std::string_view method) {
  return Encode({.kind = wire::FrameKind::kRequest, .call_id = id, .method = method});
}

inline std::string Message(std::uint64_t id, std::string_view payload) {
  return Encode({.kind = wire::FrameKind::kMessage, .call_id = id}, payload);
}

inline std::string HalfClose(std::uint64_t id) {
  return Encode({.kind = wire::FrameKind::kHalfClose, .call_id = id});
}

inline std::string Cancel(std::uint64_t id) {
  return Encode({.kind = wire::FrameKind::kCancel, .call_id = id});
}

}  // namespace piperpc::testing
