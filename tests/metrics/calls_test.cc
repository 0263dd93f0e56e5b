// What is counted of calls, on both sides at once: one object has both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "piperpc/catch_all_service.h"
#include "piperpc/metrics.h"
#include "piperpc/raw_client.h"
#include "server/server_fixture.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using ::testing::IsEmpty;

constexpr char kEcho[] = "test.v1.Test/Echo";

std::size_t At(absl::StatusCode code) { return static_cast<std::size_t>(code); }

class CallMetrics : public ServerFixture {
 protected:
  CallMetrics() { Start({.metrics = metrics_}); }
  ~CallMetrics() override {
    client_.reset();
    server_.reset();
  }

  RawClient& Client() {
    if (!client_) {
      client_.emplace(
          piperpc::Connect(endpoint_, {.metrics = metrics_, .transport = &transport()}));
    }
    return *client_;
  }

  static MethodMetrics Of(const std::vector<MethodMetrics>& methods, std::string_view name) {
    const auto found = std::find_if(methods.begin(), methods.end(),
                                    [name](const auto& each) { return each.method == name; });
    return found == methods.end() ? MethodMetrics() : *found;
  }
  MethodMetrics OnServer(std::string_view method) { return Of(metrics_->Read().server, method); }
  MethodMetrics OnClient(std::string_view method) { return Of(metrics_->Read().client, method); }

  // So many have ended so, on both sides.
  bool HaveEnded(std::string_view method, absl::StatusCode code, std::uint64_t calls) {
    return Eventually([&] {
      return OnServer(method).ended[At(code)] == calls && OnClient(method).ended[At(code)] == calls;
    });
  }

  const std::shared_ptr<Metrics> metrics_ = std::make_shared<Metrics>();
  std::optional<RawClient> client_;
};

TEST_F(CallMetrics, CountCallsWithTheirMessagesAndBytes) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Client().Unary(kEcho, {"12345"}).ok());
  ASSERT_TRUE(HaveEnded(kEcho, absl::StatusCode::kOk, 3));
  for (const MethodMetrics& calls : {OnServer(kEcho), OnClient(kEcho)}) {
    EXPECT_EQ(calls.started, 3u);
    EXPECT_EQ(calls.in_flight(), 0u);
    EXPECT_EQ(calls.messages_received, 3u);
    EXPECT_EQ(calls.messages_sent, 3u);
    EXPECT_EQ(calls.bytes_received, 15u);
    EXPECT_EQ(calls.bytes_sent, 15u);
    EXPECT_EQ(calls.latency.count(), 3u);
    EXPECT_GT(calls.latency.sum.count(), 0);
  }
}

TEST_F(CallMetrics, CountEachFormOfACall) {
  ASSERT_TRUE(Client().Unary(kEcho, {"a"}).ok());
  Counter done;
  Client().UnaryAsync(kEcho, {"b"}, {}, [&done](absl::StatusOr<RawMessage>) { done.Add(); });
  ASSERT_TRUE(done.WaitFor(1));
  EXPECT_TRUE(HaveEnded(kEcho, absl::StatusCode::kOk, 2));
}

TEST_F(CallMetrics, CountTheMessagesOfStreams) {
  auto numbers = Client().ServerStreaming("test.v1.Test/Count", {"12"});
  while (numbers.Next()) {
  }
  ASSERT_TRUE(numbers.status().ok());
  ASSERT_TRUE(HaveEnded("test.v1.Test/Count", absl::StatusCode::kOk, 1));
  EXPECT_EQ(OnServer("test.v1.Test/Count").messages_received, 1u);
  EXPECT_EQ(OnServer("test.v1.Test/Count").messages_sent, 12u);
  EXPECT_EQ(OnClient("test.v1.Test/Count").messages_sent, 1u);
  EXPECT_EQ(OnClient("test.v1.Test/Count").messages_received, 12u);
  EXPECT_EQ(OnClient("test.v1.Test/Count").bytes_received, 14u);  // "0" to "11".

  auto parts = Client().ClientStreaming("test.v1.Test/Concat");
  ASSERT_TRUE(parts.Write({"a"}));
  ASSERT_TRUE(parts.Write({"bc"}));
  ASSERT_TRUE(parts.Finish().ok());
  ASSERT_TRUE(HaveEnded("test.v1.Test/Concat", absl::StatusCode::kOk, 1));
  EXPECT_EQ(OnServer("test.v1.Test/Concat").messages_received, 2u);
  EXPECT_EQ(OnServer("test.v1.Test/Concat").bytes_received, 3u);
  EXPECT_EQ(OnClient("test.v1.Test/Concat").messages_sent, 2u);
  EXPECT_EQ(OnClient("test.v1.Test/Concat").bytes_received, 5u);  // "a,bc,"
}

TEST_F(CallMetrics, CountEndsByStatus) {
  EXPECT_TRUE(absl::IsNotFound(Client().Unary("test.v1.Test/Fail", {"x"}).status()));
  EXPECT_TRUE(absl::IsInternal(Client().Unary("test.v1.Test/Throw", {}).status()));
  EXPECT_TRUE(HaveEnded("test.v1.Test/Fail", absl::StatusCode::kNotFound, 1));
  EXPECT_TRUE(HaveEnded("test.v1.Test/Throw", absl::StatusCode::kInternal, 1));
}

TEST_F(CallMetrics, ACallThatGoesOnIsInFlight) {
  PendingCall pending = Client().UnaryAsync("test.v1.Test/Wait", {}, {}, nullptr);
  ASSERT_TRUE(service_.entered.WaitFor(1));
  EXPECT_EQ(OnServer("test.v1.Test/Wait").in_flight(), 1u);
  EXPECT_EQ(OnClient("test.v1.Test/Wait").in_flight(), 1u);
  pending.Cancel();
  EXPECT_TRUE(HaveEnded("test.v1.Test/Wait", absl::StatusCode::kCancelled, 1));
  EXPECT_EQ(OnServer("test.v1.Test/Wait").in_flight(), 0u);
  EXPECT_EQ(OnClient("test.v1.Test/Wait").in_flight(), 0u);
}

TEST_F(CallMetrics, ACallWhoseDeadlinePassesHasEndedSo) {
  const auto reply =
      Client().Unary("test.v1.Test/Wait", {}, {.timeout = std::chrono::milliseconds(20)});
  ASSERT_TRUE(absl::IsDeadlineExceeded(reply.status()));
  EXPECT_TRUE(HaveEnded("test.v1.Test/Wait", absl::StatusCode::kDeadlineExceeded, 1));
}

TEST_F(CallMetrics, ACallThatIsNeverSentEndsOnTheClientAlone) {
  const auto reply = Client().Unary(kEcho, {}, {.timeout = std::chrono::milliseconds(0)});
  ASSERT_TRUE(absl::IsInvalidArgument(reply.status()));
  EXPECT_EQ(OnClient(kEcho).started, 1u);
  EXPECT_EQ(OnClient(kEcho).ended[At(absl::StatusCode::kInvalidArgument)], 1u);
  EXPECT_LT(OnClient(kEcho).latency.sum, std::chrono::minutes(1));
  EXPECT_EQ(OnServer(kEcho).started, 0u);
}

TEST_F(CallMetrics, CallsThatNoHandlerSeesAreRefused) {
  ASSERT_TRUE(absl::IsUnimplemented(Client().Unary("no.v1.Such/Method", {}).status()));
  const MetricsSnapshot snapshot = metrics_->Read();
  EXPECT_EQ(snapshot.refused_calls[At(absl::StatusCode::kUnimplemented)], 1u);
  EXPECT_EQ(Of(snapshot.server, "no.v1.Such/Method").started, 0u);
  EXPECT_EQ(Of(snapshot.client, "no.v1.Such/Method").started, 1u);
}

TEST_F(CallMetrics, WaitingUntilTheServerIsReadyIsNoCall) {
  ASSERT_TRUE(Client().channel()->WaitUntilReady(std::chrono::seconds(20)).ok());
  EXPECT_THAT(metrics_->Read().client, IsEmpty());
}

// Whoever can choose names could fill the memory with them.
TEST_F(CallMetrics, MethodsAboveTheirLimitAreCountedTogether) {
  const std::size_t known = metrics_->Read().client.size();
  for (std::size_t i = known; i < MetricsSnapshot::kMostMethods + 5; ++i) {
    const auto reply = Client().Unary("no.v1.Such/M" + std::to_string(i), {});
    ASSERT_TRUE(absl::IsUnimplemented(reply.status()));
  }
  const MetricsSnapshot snapshot = metrics_->Read();
  EXPECT_EQ(snapshot.client.size(), MetricsSnapshot::kMostMethods + 1);
  EXPECT_EQ(Of(snapshot.client, "*").started, 5u);
}

TEST_F(CallMetrics, ServersAndChannelsAreAddedUp) {
  const std::string endpoint = UniqueEndpoint();
  TestService service;
  Server other({.metrics = metrics_, .transport = &transport()});
  ASSERT_TRUE(other.AddService(service.service()).ok());
  ASSERT_TRUE(other.Start(endpoint).ok());
  const RawClient client(
      piperpc::Connect(endpoint, {.metrics = metrics_, .transport = &transport()}));
  ASSERT_TRUE(client.Unary(kEcho, {"a"}).ok());
  ASSERT_TRUE(Client().Unary(kEcho, {"b"}).ok());
  EXPECT_TRUE(HaveEnded(kEcho, absl::StatusCode::kOk, 2));
}

TEST_F(CallMetrics, CallsOfACatchAllServiceAreCountedTogether) {
  const std::string endpoint = UniqueEndpoint();
  CatchAllService all(
      [](ServerContext&, RawMessage request) -> Stream<RawMessage> {
        RawResponse response(std::move(request));
        co_yield response;
      },
      [](ServerContext&, CoReader<RawMessage>) -> Stream<RawMessage> { co_return; });
  Server other({.metrics = metrics_, .transport = &transport()});
  ASSERT_TRUE(other.AddCatchAll(all).ok());
  ASSERT_TRUE(other.Start(endpoint).ok());
  const RawClient client(piperpc::Connect(endpoint, {.transport = &transport()}));
  ASSERT_TRUE(client.Unary("a.A/One", {"123"}).ok());
  ASSERT_TRUE(client.Unary("b.B/Two", {"45"}).ok());
  EXPECT_TRUE(Eventually([&] { return OnServer("*").ended[At(absl::StatusCode::kOk)] == 2; }));
  EXPECT_EQ(OnServer("*").bytes_received, 5u);
  EXPECT_EQ(OnServer("*").bytes_sent, 5u);
}

// Calls of many threads, whose numbers are read meanwhile.
TEST_F(CallMetrics, NoCallIsLostBetweenThreads) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 200;
  Client();
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int call = 0; call < kCalls; ++call) {
        EXPECT_TRUE(Client().Unary(kEcho, {"x"}).ok());
        const MethodMetrics now = OnClient(kEcho);
        EXPECT_LE(now.in_flight(), std::uint64_t{kThreads});
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(HaveEnded(kEcho, absl::StatusCode::kOk, kThreads * kCalls));
}

}  // namespace
}  // namespace piperpc::testing
