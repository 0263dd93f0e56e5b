// Frames as a client encodes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/wire/control.h"
#include "src/wire/frame.h"

namespace piperpc::testing {

inline std::string Encode(const wire::FrameHeader& header, std::string_view payload = {}) {
  std::string bytes(wire::FrameSize(header, payload.size()), '\0');
  char* const at = wire::EncodeFramePrefix(header, payload.size(), bytes.data());
  payload.copy(at, payload.size());
  return bytes;
}

inline constexpr wire::Hello kUsualHello = {.max_packet_bytes = 128 * 1024,
                                            .max_message_bytes = 4 * 1024 * 1024,
                                            .max_calls = 100,
                                            .max_metadata_bytes = 8192,
                                            .initial_credit = 64 * 1024};

inline std::string EncodedHello(const wire::Hello& hello = kUsualHello) {
  return Encode({.kind = wire::FrameKind::kHello}, wire::EncodeHello(hello));
}

inline std::string EncodedRequest(std::uint64_t id, std::string_view method,
                                  std::string_view payload) {
  return Encode(
      {.kind = wire::FrameKind::kRequest, .call_id = id, .flags = wire::kEnd, .method = method},
      payload);
}

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
