#include "interop/connection_win32.h"

#include <utility>

namespace piperpc::interop {

void Connection::Send(const std::vector<std::string>& frames) {
  std::string packet;
  for (const std::string& frame : frames) packet += frame;
  const RawPipe::Result sent = pipe_.Write(packet);
  EXPECT_EQ(sent.error, DWORD{ERROR_SUCCESS});
  EXPECT_EQ(sent.bytes, packet.size());
}

std::optional<Frame> Connection::Next() {
  for (;;) {
    while (frames_.empty()) {
      std::string packet;
      if (pipe_.ReadMessage(packet) != ERROR_SUCCESS) return std::nullopt;
      for (Frame& frame : Decode(packet)) frames_.push_back(std::move(frame));
    }
    Frame frame = std::move(frames_.front());
    frames_.pop_front();
    if (frame.header.kind() == v1::FRAME_KIND_HELLO) {
      EXPECT_TRUE(server_.emplace().ParseFromString(frame.payload));
    } else if (frame.header.kind() == v1::FRAME_KIND_PING) {
      frame.header.set_kind(v1::FRAME_KIND_PONG);
      Send({Encode(frame.header, frame.payload)});
    } else {
      return frame;
    }
  }
}

Frame Connection::Call(const std::string& method, const std::string& message,
                       std::vector<std::string> front) {
  const std::uint64_t id = NewId();
  front.push_back(Encode(RequestHeader(id, method), message));
  Send(front);
  return WaitResponse(id);
}

Frame Connection::WaitResponse(std::uint64_t call_id) {
  std::string payload;
  while (std::optional<Frame> frame = Next()) {
    if (frame->header.kind() == v1::FRAME_KIND_GOAWAY) {
      ADD_FAILURE() << "the server went away instead of answering";
      return *std::move(frame);
    }
    if (frame->header.kind() != v1::FRAME_KIND_RESPONSE || frame->header.call_id() != call_id) {
      continue;
    }
    payload += frame->payload;
    if ((frame->header.flags() & v1::FRAME_FLAG_MORE) != 0) continue;
    frame->payload = std::move(payload);
    return *std::move(frame);
  }
  ADD_FAILURE() << "no answer came to call " << call_id;
  return {};
}

}  // namespace piperpc::interop
