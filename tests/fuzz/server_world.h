// A server on the fuzzer's thread, in a time that the fuzzer sets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "piperpc/catch_all_service.h"
#include "piperpc/raw_service.h"
#include "src/server/dispatcher.h"
#include "src/transport/memory/pipe.h"
#include "support/sent_packets.h"
#include "support/shapes_service.h"
#include "support/stepped_loop.h"
#include "support/stepped_server.h"

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
  Stream<RawMessage> Unread(CoReader<RawMessage> reader);

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
  testing::SentPackets received_{testing::SentPackets::From::kServer};
};

class ServerWorld {
 public:
  explicit ServerWorld(FuzzedServices& services)
      : server_(Options(), services.dispatcher(), clock_) {}

  testing::ManualClock& clock() { return clock_; }
  testing::SteppedLoop& loop() { return server_.loop(); }
  testing::SteppedServer& server() { return server_; }

  std::unique_ptr<FuzzedClient> Connect();

 private:
  static ServerOptions Options();

  testing::ManualClock clock_;
  testing::SteppedServer server_;
};

}  // namespace piperpc::fuzz
