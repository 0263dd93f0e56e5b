// What becomes of streams that wait for room in the output queue of their connection.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "piperpc/raw_service.h"
#include "src/server/dispatcher.h"
#include "src/transport/pipe.h"
#include "src/wire/frame.h"
#include "support/call_frames.h"
#include "support/send_packet.h"
#include "support/stepped_loop.h"
#include "support/stepped_server.h"
#include "support/test_service.h"

namespace piperpc {
namespace {

using testing::EncodedRequest;

constexpr std::size_t kQueue = 64 * 1024;

class OutputQueueTest : public ::testing::Test {
 protected:
  OutputQueueTest() {
    service_.AddUnary("Big", [](ServerContext&, RawMessage) { return Big(); });
    service_.AddServerStreaming("Fail", [this](ServerContext&, RawMessage) { return Fail(); });
    EXPECT_TRUE(dispatcher_.Add(service_).ok());
    client_ = server_.Connect();
  }
  ~OutputQueueTest() override {
    client_->Close(transport::CloseMode::kAbort, [] {});
    server_.loop().RunUntilIdle();
  }

  void Send(const std::string& packet) {
    testing::SendPacket(*client_, packet);
    server_.loop().RunUntilIdle();
  }

  // Reads all that the server has to say. The calls that have ended.
  std::vector<std::uint64_t> ReadAll() {
    std::vector<std::uint64_t> ended;
    while (true) {
      server_.loop().RunUntilIdle();
      const auto size = client_->ReceiveUntil(buffer_, base::TimePoint::min());
      if (!size.ok()) return ended;
      wire::Frame frame;
      for (wire::PacketReader reader({buffer_.data(), *size}); !reader.done();) {
        EXPECT_TRUE(reader.Next(frame));
        const bool ends = frame.header.kind == wire::FrameKind::kResponse && !frame.header.more();
        if (ends) ended.push_back(frame.header.call_id);
      }
    }
  }

  testing::Door door_;  // Fail waits at it.
  testing::ManualClock clock_;

 private:
  // More than the pipe and the queue hold.
  static Task<testing::RawResult> Big() { co_return RawMessage(std::string(2'000'000, 'b')); }

  // A message, and an error that is longer than the queue's share of each stream here.
  Stream<RawMessage> Fail() {
    auto passing = door_.Pass();
    co_await passing;
    const RawMessage message("m");
    co_yield message;
    absl::Status status = absl::DataLossError(std::string(kQueue / 6, 'e'));
    co_yield status;
  }

  RawService service_{"queue.v1.Queue"};
  server::Dispatcher dispatcher_;
  testing::SteppedServer server_{
      {.max_packet_bytes = kQueue, .output_queue_bytes = kQueue}, dispatcher_, clock_};
  std::unique_ptr<transport::Pipe> client_;
  std::array<char, transport::kMaxPacketBytes> buffer_;
};

// The first ones fill it again, with what needs no room of its own.
TEST_F(OutputQueueTest, EveryStreamThatWaitsForItGoesOn) {
  door_.Shut();
  constexpr std::uint64_t kStreams = 12;
  std::string packet = testing::EncodedHello();
  for (std::uint64_t id = 1; id <= kStreams; ++id) {
    packet += EncodedRequest(id, "queue.v1.Queue/Fail", "");
  }
  Send(packet + EncodedRequest(kStreams + 1, "queue.v1.Queue/Big", ""));
  door_.Set();
  EXPECT_EQ(ReadAll().size(), kStreams + 1);
}

}  // namespace
}  // namespace piperpc
