// For how long a client may leave unread what takes memory of the replies, in a time that the test
// sets.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/raw_service.h"
#include "src/server/dispatcher.h"
#include "src/transport/pipe.h"
#include "support/call_frames.h"
#include "support/send_packet.h"
#include "support/stepped_loop.h"
#include "support/stepped_server.h"

namespace piperpc {
namespace {

constexpr std::chrono::seconds kTimeout{300};

class ReplyMemoryTest : public ::testing::Test {
 protected:
  ReplyMemoryTest() {
    service_.AddUnary("Large", [](ServerContext&, RawMessage) { return Large(); });
    EXPECT_TRUE(dispatcher_.Add(service_).ok());
    client_ = server_.Connect();
    testing::SendPacket(*client_, testing::EncodedHello() +
                                      testing::EncodedRequest(1, "memory.v1.Memory/Large", ""));
    server_.loop().RunUntilIdle();
  }
  ~ReplyMemoryTest() override {
    client_->Close(transport::CloseMode::kAbort, [] {});
    server_.loop().RunUntilIdle();
    EXPECT_TRUE(server_.empty());
  }

  void ReadOnePacket() {
    std::vector<char> buffer(transport::kMaxPacketBytes);
    EXPECT_TRUE(client_->ReceiveUntil(buffer, base::Clock::now() + kTimeout).ok());
    server_.loop().RunUntilIdle();
  }

  // In steps, so that what has a time limit of its own behind the first one ends, too.
  void Wait(std::chrono::seconds time) {
    for (; time.count() > 0; --time) {
      clock_.now += std::chrono::seconds(1);
      server_.loop().RunUntilIdle();
    }
  }

  static Task<absl::StatusOr<RawMessage>> Large() {
    co_return RawMessage(std::string(4'000'000, 'x'));
  }

  testing::ManualClock clock_;
  RawService service_{"memory.v1.Memory"};
  server::Dispatcher dispatcher_;
  testing::SteppedServer server_{{.message_timeout = kTimeout}, dispatcher_, clock_};
  std::unique_ptr<transport::Pipe> client_;
};

TEST_F(ReplyMemoryTest, AClientHasTheWholeTimeSinceItHasReadSomethingAndNoMore) {
  Wait(kTimeout - std::chrono::seconds(30));
  ReadOnePacket();
  Wait(kTimeout - std::chrono::seconds(1));
  EXPECT_EQ(server_.connections(), 1u);
  Wait(std::chrono::seconds(11));
  EXPECT_EQ(server_.connections(), 0u);
}

}  // namespace
}  // namespace piperpc
