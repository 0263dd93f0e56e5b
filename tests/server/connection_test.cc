// How a connection closes its pipe, seen by a pipe that a test holds in its hand.
#include "src/server/connection.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/in_process.h"
#include "piperpc/server.h"
#include "src/transport/transport.h"
#include "support/call_frames.h"
#include "support/test_service.h"

namespace piperpc::server {
namespace {

using testing::EncodedHello;
using testing::EncodedRequest;
using transport::Bytes;
using transport::CloseMode;
using transport::SendResult;

// What a test sees of a pipe, and what it decides.
struct Wire {
  transport::Pipe::Delegate* delegate = nullptr;
  bool all_read = true;
  bool gone = false;  // The client.
  std::vector<std::string> sent;
  std::optional<CloseMode> closed;
};

class FakePipe final : public transport::Pipe {
 public:
  explicit FakePipe(Wire& wire) : wire_(wire) {}
  void Attach(transport::EventLoop&, Delegate& delegate) override { wire_.delegate = &delegate; }
  void Receive() override {}
  absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) override {
    if (wire_.gone) return absl::UnavailableError("the client is gone");
    std::string& packet = wire_.sent.emplace_back();
    for (const Bytes slice : slices) packet.append(slice.data(), slice.size());
    return SendResult::kSent;
  }
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char>, base::TimePoint) override {
    return absl::UnimplementedError("");
  }
  bool AllRead() const override { return wire_.all_read; }
  void Close(CloseMode mode, absl::AnyInvocable<void()> closed) override {
    wire_.closed = mode;
    closed();
  }
  const Peer& peer() const override { return peer_; }

 private:
  Wire& wire_;
  const Peer peer_{};
};

class Host final : public ConnectionHost {
 public:
  Host(ServerCore& core, std::unique_ptr<transport::EventLoop> loop)
      : ConnectionHost(core, std::move(loop), 0) {}
  void OnHello(Connection&) override {}
  void OnClosed(Connection&) override {}
  bool ContinueOrQueue(UserQueue&, Connection&) override { return true; }
};

class ConnectionClose : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(dispatcher_.Add(service_.service()).ok());
    auto loop = transport_->NewLoop();
    ASSERT_TRUE(loop.ok()) << loop.status();
    host_ = std::make_unique<Host>(core_, *std::move(loop));
    connection_ =
        std::make_unique<Connection>(*host_, std::make_unique<FakePipe>(wire_), user_part_, 1);
    Iterate([this] { connection_->Open(); });
  }

  // One iteration of the loop.
  void Iterate(const std::function<void()>& work) {
    transport::EventLoop& loop = host_->loop();
    loop.Post([&] {
      work();
      loop.Stop();
    });
    loop.Run();
  }

  void Receive(const std::string& packet) { wire_.delegate->OnReceive(packet); }

  testing::TestService service_;
  const ServerOptions options_{};
  Dispatcher dispatcher_;
  WorkerPool workers_{1, 1};
  ServerCore core_{options_, dispatcher_, workers_};
  UserPart user_part_{core_, "somebody", 1};
  std::shared_ptr<transport::Transport> transport_ = NewInProcessTransport();
  Wire wire_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Connection> connection_;  // Ends before what it uses.
};

TEST_F(ConnectionClose, OfAnIdleClientDoesNotWaitForIt) {
  Iterate([this] { Receive(EncodedHello()); });
  Iterate([this] { connection_->Drain(); });
  EXPECT_EQ(wire_.sent.size(), 2u);  // The Hello and the goaway.
  EXPECT_EQ(wire_.closed, CloseMode::kAbort);
}

TEST_F(ConnectionClose, WaitsForAClientThatHasNotReadAll) {
  Iterate([this] { Receive(EncodedHello()); });
  wire_.all_read = false;
  Iterate([this] { connection_->Drain(); });
  EXPECT_EQ(wire_.closed, CloseMode::kDrain);
}

TEST_F(ConnectionClose, WaitsForTheReaderOfAResponseThatWasNotSentYet) {
  Iterate([this] { Receive(EncodedHello()); });
  Iterate([this] {
    Receive(EncodedRequest(1, "test.v1.Test/Echo", "x"));
    connection_->Drain();
  });
  EXPECT_EQ(wire_.closed, CloseMode::kDrain);
}

TEST_F(ConnectionClose, WaitsForTheCallsInFlight) {
  Iterate([this] { Receive(EncodedHello() + EncodedRequest(1, "test.v1.Test/Stubborn", "")); });
  Iterate([this] { connection_->Drain(); });
  EXPECT_EQ(wire_.closed, std::nullopt);
  Iterate([this] { connection_->AbortCalls(); });
  EXPECT_EQ(wire_.closed, CloseMode::kDrain);
}

// The response to the first call above the limit has to be sent before the second one is looked at.
TEST_F(ConnectionClose, NoCallBeginsOnceAResponseShowsThatTheClientIsGone) {
  std::string packet = EncodedHello();
  const std::uint64_t limit = options_.max_calls_per_connection;
  for (std::uint64_t id = 1; id <= limit + 2; ++id) {
    packet += testing::Opening(id, "test.v1.Test/Concat");
  }
  wire_.gone = true;
  Iterate([&] { Receive(packet); });
  Iterate([] {});
  EXPECT_EQ(service_.entered.count(), static_cast<int>(limit));
  EXPECT_EQ(wire_.closed, CloseMode::kAbort);
  EXPECT_EQ(host_->calls(), 0u);
}

}  // namespace
}  // namespace piperpc::server
