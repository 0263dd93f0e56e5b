// A server on the fuzzer's thread, all of it but what piperpc::Server adds: its threads and its
// lifecycle.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/sent_packets.h"
#include "fuzz/stepped_loop.h"
#include "piperpc/catch_all_service.h"
#include "piperpc/raw_service.h"
#include "src/server/acceptor.h"
#include "src/server/connection_host.h"
#include "src/server/dispatcher.h"
#include "src/server/server_loop.h"
#include "src/transport/memory/pipe.h"
#include "support/shapes_service.h"

namespace piperpc::fuzz {

// What it serves: the four method types, and handlers that do what clients do not like.
class FuzzedServices {
 public:
  static constexpr std::string_view kMethods[] = {
      "shapes.v1.Raw/Unary", "shapes.v1.Raw/Down", "shapes.v1.Raw/Up",   "shapes.v1.Raw/Both",
      "fuzz.v1.Odd/Late",    "fuzz.v1.Odd/Flood",  "fuzz.v1.Odd/Unread", "fuzz.v1.Odd/Throw",
      "fuzz.v1.Odd/Missing", "any.v1.Other/Method"};

  FuzzedServices();
  const server::Dispatcher& dispatcher() const { return dispatcher_; }

  testing::Door door;  // Late and Unread wait at it, whatever becomes of their calls.

 private:
  Task<testing::RawResult> Late(RawMessage request);
  static Stream<RawMessage> Flood(RawMessage request);
  Stream<RawMessage> Unread(Reader<RawMessage> reader);

  testing::ShapesService shapes_;
  RawService odd_;
  CatchAllService rest_;
  server::Dispatcher dispatcher_;
};

// One client's end of a connection.
class FuzzedClient {
 public:
  explicit FuzzedClient(std::unique_ptr<transport::Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~FuzzedClient() {
    pipe_->Close(transport::CloseMode::kAbort, [] {});
  }
  FuzzedClient(const FuzzedClient&) = delete;
  FuzzedClient& operator=(const FuzzedClient&) = delete;

  // Nothing when it does not fit into the pipe, or the server has closed.
  void Send(std::string_view packet);

  // Takes all that has come, and checks it. The last frame's payload.
  std::string Read();

 private:
  const std::unique_ptr<transport::Pipe> pipe_;
  SentPackets received_{SentPackets::From::kServer};
};

class ServerWorld {
 public:
  explicit ServerWorld(FuzzedServices& services);

  ManualClock& clock() { return clock_; }
  SteppedLoop& loop() { return *stepped_; }

  std::unique_ptr<FuzzedClient> Connect();

  // The next step of a shutdown, as piperpc::Server takes them.
  void GoOnShuttingDown();
  bool shutting_down() const { return shutdown_steps_ > 0; }

  std::size_t calls() const { return loop_.calls(); }
  std::size_t connections() const { return acceptor_.connections(); }
  bool empty() const { return acceptor_.empty(); }
  bool HasAllMemory();

 private:
  static ServerOptions Options();

  ManualClock clock_;
  const ServerOptions options_ = Options();
  WorkerPool workers_{1, 0};
  server::ServerCore core_;
  server::Acceptor acceptor_{core_};
  SteppedLoop* const stepped_ = new SteppedLoop(clock_);
  server::ServerLoop loop_;
  int shutdown_steps_ = 0;
};

}  // namespace piperpc::fuzz
