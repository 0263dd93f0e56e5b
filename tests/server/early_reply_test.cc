// When the replies of a connection leave.
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "piperpc/raw_service.h"
#include "src/server/dispatcher.h"
#include "src/transport/pipe.h"
#include "support/call_frames.h"
#include "support/send_packet.h"
#include "support/stepped_loop.h"
#include "support/stepped_server.h"

namespace piperpc {
namespace {

using testing::SendPacket;

// One iteration of the loop serves both clients, the busy one first.
class EarlyReplyTest : public ::testing::Test {
 protected:
  EarlyReplyTest() : buffer_(transport::kMaxPacketBytes) {
    service_.AddUnary("Answer", [](ServerContext&, RawMessage) { return Answer(); });
    service_.AddUnary("Look", [this](ServerContext&, RawMessage) {
      seen_ = BusyHasPacket();
      return Answer();
    });
    EXPECT_TRUE(dispatcher_.Add(service_).ok());
    busy_ = Connect();
    other_ = Connect();
  }
  ~EarlyReplyTest() override {
    for (auto* pipe : {&busy_, &other_}) (*pipe)->Close(transport::CloseMode::kAbort, [] {});
    server_.loop().RunUntilIdle();
    EXPECT_TRUE(server_.empty());
  }

  static std::string Request(std::uint64_t id, std::string_view method) {
    return testing::EncodedRequest(id, "early.v1.Early/" + std::string(method), "");
  }

  bool BusyHasPacket() { return busy_->ReceiveUntil(buffer_, base::TimePoint::min()).ok(); }

  std::unique_ptr<transport::Pipe> busy_;
  std::unique_ptr<transport::Pipe> other_;
  bool seen_ = false;  // By the handler of Look.

 private:
  static Task<absl::StatusOr<RawMessage>> Answer() { co_return RawMessage("done"); }

  // Greeted.
  std::unique_ptr<transport::Pipe> Connect() {
    std::unique_ptr<transport::Pipe> client = server_.Connect();
    SendPacket(*client, testing::EncodedHello());
    server_.loop().RunUntilIdle();
    EXPECT_TRUE(client->ReceiveUntil(buffer_, base::TimePoint::min()).ok());
    return client;
  }

  std::vector<char> buffer_;
  testing::ManualClock clock_;
  RawService service_{"early.v1.Early"};
  server::Dispatcher dispatcher_;

 protected:
  testing::SteppedServer server_{{}, dispatcher_, clock_};
};

TEST_F(EarlyReplyTest, SeveralRepliesOfAPacketLeaveBeforeTheNextConnectionIsServed) {
  SendPacket(*busy_, Request(1, "Answer") + Request(2, "Answer") + Request(3, "Answer"));
  SendPacket(*other_, Request(1, "Look"));
  server_.loop().RunUntilIdle();
  EXPECT_TRUE(seen_);
  EXPECT_FALSE(BusyHasPacket()) << "they did not leave together";
}

TEST_F(EarlyReplyTest, ASingleReplyLeavesInTheSameIteration) {
  SendPacket(*busy_, Request(1, "Answer"));
  SendPacket(*other_, Request(1, "Answer"));
  server_.loop().RunOnce();
  EXPECT_TRUE(BusyHasPacket());
}

}  // namespace
}  // namespace piperpc
