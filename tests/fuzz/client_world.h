// A channel on the fuzzer's thread, and the server's ends of its connections.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "piperpc/channel.h"
#include "piperpc/io_thread.h"
#include "piperpc/raw_client.h"
#include "src/transport/memory/pipe.h"
#include "support/connecting_transport.h"
#include "support/sent_packets.h"
#include "support/stepped_loop.h"

namespace piperpc::fuzz {

// The server's end of one connection.
class FuzzedServer {
 public:
  explicit FuzzedServer(std::unique_ptr<transport::Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~FuzzedServer() { HangUp(); }

  void HangUp();

  // Nothing when it does not fit into the pipe, or either side has closed.
  void Send(std::string_view packet);

  // Takes all that has come, and checks it. The id of the last REQUEST; 0: there was none.
  std::uint64_t Read();

  std::string packet;  // What it is about to send.

 private:
  std::unique_ptr<transport::Pipe> pipe_;  // Null: it has hung up.
  testing::SentPackets received_{testing::SentPackets::From::kClient};
};

class ClientWorld final : public testing::ConnectingTransport {
 public:
  // `serve`: what the servers do while a caller waits for a packet. False: nothing any more.
  explicit ClientWorld(std::function<bool()> serve);
  ~ClientWorld() override;

  testing::ManualClock& clock() { return clock_; }
  testing::SteppedLoop& loop() { return *loop_; }
  Channel& channel() { return *channel_; }
  const RawClient& client() const { return *client_; }

  // A connection that takes calls; else a call would wait for one on a thread of the channel's.
  bool is_connected() const { return channel_->peer().has_value(); }

  // The loop has the last connection, and may be its reader, for whom a blocked caller would wait.
  bool is_on_loop() const { return on_loop_; }

  std::size_t servers() const { return made_; }
  FuzzedServer& server(std::size_t index);
  void HangUpAll();

  // The channel has connected on a thread of its own, whose steps the fuzzer does not know.
  bool used_threads() const { return used_threads_; }

  // Ends the channel, and with it all calls.
  void End();

 private:
  class ReadPipe;

  // testing::ConnectingTransport
  std::string_view name() const override { return "fuzzed"; }
  base::TimePoint Now() const override { return clock_.now; }
  absl::StatusOr<std::unique_ptr<transport::Pipe>> Connect(
      const Endpoint& endpoint, const transport::ConnectOptions& options) override;

  const std::function<bool()> serve_;
  testing::ManualClock clock_;
  testing::SteppedLoop* const loop_ = new testing::SteppedLoop(clock_);  // The channel's.
  const std::shared_ptr<IoThread> io_thread_;  // Of which only the loop is used.
  const std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> used_threads_ = false;
  std::mutex mutex_;
  std::vector<std::unique_ptr<FuzzedServer>> servers_;
  std::atomic<std::size_t> made_ = 0;  // How many of them there are.
  std::atomic<bool> on_loop_ = false;
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<RawClient> client_;
};

}  // namespace piperpc::fuzz
