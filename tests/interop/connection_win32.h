// A connection of a client that was written from rpc/PROTOCOL.md: Win32 calls and the messages of
// frame.proto, and nothing of the library. Its twin in Python is tests/e2e/protocol_client.py.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "interop/frames.h"
#include "interop/raw_pipe_win32.h"

namespace piperpc::interop {

class Connection {
 public:
  explicit Connection(const std::string& name) : pipe_(name) {}

  // Sends the frames, as one packet.
  void Send(const std::vector<std::string>& frames);

  // The next frame of a call, or GOAWAY; answers PING, and takes note of the server's Hello.
  // Nothing at the end, or when none comes in time.
  std::optional<Frame> Next();

  // Sends a request in one packet, behind `front`, and waits for its answer.
  Frame Call(const std::string& method, const std::string& message,
             std::vector<std::string> front = {});

  // Reads until the answer of the call has come; its payload is that of all its frames.
  Frame WaitResponse(std::uint64_t call_id);

  std::uint64_t NewId() { return ++last_id_; }
  const std::optional<v1::Hello>& server() const { return server_; }  // Its Hello, once it came.
  RawPipe& pipe() { return pipe_; }

 private:
  RawPipe pipe_;
  std::optional<v1::Hello> server_;
  std::deque<Frame> frames_;
  std::uint64_t last_id_ = 0;
};

}  // namespace piperpc::interop
