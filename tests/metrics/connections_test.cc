// What is counted of a server's connections, and of its memory.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "piperpc/metrics.h"
#include "server/server_fixture.h"
#include "support/call_frames.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

std::size_t At(absl::StatusCode code) { return static_cast<std::size_t>(code); }

class ConnectionMetrics : public ServerFixture {
 protected:
  ~ConnectionMetrics() override { server_.reset(); }

  void StartCounting(ServerOptions options = {}) {
    options.metrics = metrics_;
    Start(std::move(options));
  }

  // A client that has said Hello, and was answered.
  class Open {
   public:
    explicit Open(ConnectionMetrics& test) : client_(test.transport(), test.endpoint_) {
      client_.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "hello")});
      EXPECT_EQ(client_.NextAfterHello().payload, "hello");
    }

   private:
    WireClient client_;
  };

  const std::shared_ptr<Metrics> metrics_ = std::make_shared<Metrics>();
};

TEST_F(ConnectionMetrics, CountOpenAndClosedOnes) {
  StartCounting();
  {
    const Open one(*this);
    const Open other(*this);
    EXPECT_EQ(metrics_->Read().open_connections(), 2u);
  }
  EXPECT_TRUE(Eventually([this] { return metrics_->Read().open_connections() == 0; }));
  EXPECT_EQ(metrics_->Read().connections_opened, 2u);
  EXPECT_EQ(metrics_->Read().connections_closed[At(absl::StatusCode::kOk)], 2u);
}

TEST_F(ConnectionMetrics, CountThoseThatTheServerEndsByTheReason) {
  StartCounting({.hello_timeout = std::chrono::milliseconds(30)});
  WireClient mute = Connect();
  EXPECT_TRUE(absl::IsDeadlineExceeded(mute.Goaway()));
  EXPECT_TRUE(Eventually([this] {
    return metrics_->Read().connections_closed[At(absl::StatusCode::kDeadlineExceeded)] == 1;
  }));
}

TEST_F(ConnectionMetrics, CountThoseThatAreRefusedBesideTheOthers) {
  StartCounting({.max_connections = 1});
  const Open one(*this);
  WireClient refused = Connect();
  EXPECT_TRUE(absl::IsResourceExhausted(refused.Goaway()));
  const MetricsSnapshot snapshot = metrics_->Read();
  EXPECT_EQ(snapshot.connections_refused[At(absl::StatusCode::kResourceExhausted)], 1u);
  EXPECT_EQ(snapshot.connections_opened, 1u);
  EXPECT_EQ(snapshot.open_connections(), 1u);
}

TEST_F(ConnectionMetrics, TellWhatBudgetsHaveGivenOut) {
  StartCounting({.parse_budget_bytes = 64 * 1024 * 1024});
  EXPECT_EQ(metrics_->Read().request_memory.limit, 64u * 1024 * 1024);
  EXPECT_EQ(metrics_->Read().request_memory.used, 0u);
  std::optional<WireClient> client;
  client.emplace(transport(), endpoint_);
  const std::string part(60'000, 'p');
  client->Send({EncodedHello()});
  for (int i = 0; i < 5; ++i) {
    wire::FrameHeader header{
        .kind = wire::FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd | wire::kMore};
    if (i == 0) {
      header.method = "test.v1.Test/Echo";
      header.message_size = 1'000'000;
    }
    client->Send({Encode(header, part)});
  }
  EXPECT_TRUE(Eventually([this] { return metrics_->Read().request_memory.used > 0; }));
  client.reset();
  EXPECT_TRUE(Eventually([this] { return metrics_->Read().request_memory.used == 0; }));
}

TEST_F(ConnectionMetrics, ForgetTheBudgetsOfAServerThatIsGone) {
  StartCounting();
  EXPECT_NE(metrics_->Read().reply_memory.limit, 0u);
  server_.reset();
  EXPECT_EQ(metrics_->Read().reply_memory.limit, 0u);
}

}  // namespace
}  // namespace piperpc::testing
