// What a client hears that has said no Hello, when others want its place, in a time that the test
// sets.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "src/server/dispatcher.h"
#include "src/transport/pipe.h"
#include "src/wire/control.h"
#include "src/wire/frame.h"
#include "support/stepped_loop.h"
#include "support/stepped_server.h"

namespace piperpc {
namespace {

constexpr std::chrono::seconds kPatience{10};

class SilentClientsTest : public ::testing::Test {
 protected:
  ~SilentClientsTest() override {
    for (const auto& client : clients_) client->Close(transport::CloseMode::kAbort, [] {});
    clock_.now += kPatience;
    server_.loop().RunUntilIdle();
    EXPECT_TRUE(server_.empty());
  }

  transport::Pipe& Connect() {
    clients_.push_back(server_.Connect());
    server_.loop().RunUntilIdle();
    return *clients_.back();
  }

  // Why the server ends that connection.
  static absl::Status GoawayOf(transport::Pipe& client) {
    std::vector<char> packet(transport::kMaxPacketBytes);
    const auto size = client.ReceiveUntil(packet, base::Clock::now() + kPatience);
    if (!size.ok()) return size.status();
    wire::PacketReader reader(wire::Bytes(packet.data(), *size));
    wire::Frame frame;
    EXPECT_TRUE(reader.Next(frame));
    EXPECT_EQ(frame.header.kind, wire::FrameKind::kGoaway);
    return wire::DecodeGoaway(frame.payload)->status;
  }

  testing::ManualClock clock_;
  server::Dispatcher dispatcher_;
  testing::SteppedServer server_{{.max_connections_before_hello = 2}, dispatcher_, clock_};
  std::vector<std::unique_ptr<transport::Pipe>> clients_;
};

TEST_F(SilentClientsTest, TheOldestHearsWhichLimitTookItsPlace) {
  transport::Pipe& first = Connect();
  Connect();
  clock_.now += std::chrono::seconds(3);
  Connect();
  EXPECT_EQ(GoawayOf(first),
            absl::ResourceExhaustedError("more than 2 connections have not sent a Hello yet "
                                         "(max_connections_before_hello)"));
}

TEST_F(SilentClientsTest, WhoTakesTooLongHearsHowLongItHad) {
  transport::Pipe& client = Connect();
  clock_.now += std::chrono::seconds(5);
  server_.loop().RunUntilIdle();
  EXPECT_EQ(GoawayOf(client),
            absl::DeadlineExceededError("no Hello came within 5000 ms (hello_timeout)"));
}

}  // namespace
}  // namespace piperpc
