// A server that does what the test says, frame by frame, over pipes in memory.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "src/connection/loop_executor.h"
#include "src/transport/listener.h"
#include "src/transport/pipe.h"
#include "src/transport/transport.h"
#include "src/wire/control.h"
#include "src/wire/frame.h"

namespace piperpc {

inline constexpr std::chrono::seconds kPatience{10};

// A frame with bytes of its own.
struct OwnedFrame {
  wire::FrameKind kind{};
  std::uint64_t call_id = 0;
  bool more = false;
  bool end = false;
  std::string method;
  std::string metadata;
  std::uint64_t timeout_us = 0;
  std::uint64_t credit = 0;
  std::string payload;
};

// One connection, seen from the server. What does not come in time fails the test and gives an
// empty frame.
class ScriptedConnection {
 public:
  explicit ScriptedConnection(std::unique_ptr<transport::Pipe> pipe);
  ScriptedConnection(ScriptedConnection&&) = default;
  ~ScriptedConnection();

  std::vector<OwnedFrame> ReceivePacket();
  OwnedFrame Next();                        // The next frame.
  OwnedFrame Expect(wire::FrameKind kind);  // The next one, which must be of this kind.
  std::optional<OwnedFrame> NextOrEnd();    // None: the client has closed.
  bool ReceivesEnd();                       // The client has closed.

  void SendHello(const wire::Hello& hello);
  void Greet() { SendHello(UsualHello()); }  // Takes the client's Hello and gives one.
  static std::string Encode(const wire::FrameHeader& header, std::string_view payload = {});
  void Send(const wire::FrameHeader& header, std::string_view payload = {});
  void Reply(std::uint64_t id, std::string_view payload, std::string_view trailers = {});
  void Refuse(std::uint64_t id, const absl::Status& status);
  void Message(std::uint64_t id, std::string_view payload);
  void Goaway(const absl::Status& status, std::uint64_t last_call_id);
  void SendRaw(std::string_view packet);
  bool TrySendRaw(std::string_view packet);  // False: the client has gone. Waits while it is full.

  static wire::Hello UsualHello();

 private:
  absl::Status ReceiveFrames();  // Those of one packet.

  std::unique_ptr<transport::Pipe> pipe_;
  std::deque<OwnedFrame> received_;
  std::vector<char> buffer_;
};

class ScriptedServer final : private transport::Listener::Delegate {
 public:
  static constexpr char kEndpoint[] = "scripted";  // For pipes in memory.

  ScriptedServer() : ScriptedServer(transport::NewMemoryTransport(), kEndpoint) {}
  ScriptedServer(std::unique_ptr<transport::Transport> transport, std::string endpoint);
  ~ScriptedServer();

  transport::Transport& transport() { return *transport_; }
  const std::string& endpoint() const { return endpoint_; }

  // The next connection, before any Hello.
  ScriptedConnection Accept();

  // The same, and answers the client's Hello.
  ScriptedConnection AcceptAndGreet();

  void Stop();  // Listens no more.
  void Start();

 private:
  void OnConnect(std::unique_ptr<transport::Pipe> pipe) override;
  void OnAcceptError(absl::Status) override {}

  std::unique_ptr<transport::Transport> transport_;
  const std::string endpoint_;
  std::unique_ptr<connection::LoopThread> thread_;
  std::unique_ptr<transport::Listener> listener_;
  std::mutex mutex_;
  std::condition_variable connected_;
  std::deque<std::unique_ptr<transport::Pipe>> pipes_;
};

}  // namespace piperpc
