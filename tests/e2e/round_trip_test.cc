// The real client against the real server, on each transport of this system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "piperpc/client.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/peer.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/transport/transport.h"
#include "support/test_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using internal::ClientMethod;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};
constexpr ClientMethod kFail{"test.v1.Test/Fail", MethodType::kUnary};
constexpr ClientMethod kWait{"test.v1.Test/Wait", MethodType::kUnary};
constexpr ClientMethod kStubborn{"test.v1.Test/Stubborn", MethodType::kUnary};
constexpr ClientMethod kMeta{"test.v1.Test/Meta", MethodType::kUnary};
constexpr ClientMethod kCount{"test.v1.Test/Count", MethodType::kServerStreaming};
constexpr ClientMethod kForever{"test.v1.Test/Forever", MethodType::kServerStreaming};
constexpr ClientMethod kConcat{"test.v1.Test/Concat", MethodType::kClientStreaming};
constexpr ClientMethod kChat{"test.v1.Test/Chat", MethodType::kBidirectional};

constexpr std::size_t kLarge = 64 << 20;

class RoundTrip : public transport::EachTransport {
 protected:
  void Begin() override {
    StartServer();
    channel_ = NewChannel();
  }

  void StartServer() {
    server_ = std::make_unique<Server>(
        ServerOptions{.max_message_bytes = kLarge + 1000, .transport = transport_.get()});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::shared_ptr<Channel> NewChannel() {
    return Connect(endpoint_, {.default_timeout = seconds(60),
                               .wait_for_ready = seconds(20),
                               .max_message_bytes = kLarge + 1000,
                               .transport = transport_.get()});
  }

  RawResult Call(const ClientMethod& method, std::string request, const CallOptions& options = {}) {
    return internal::CallUnary<RawMessage>(*channel_, method, RawMessage{std::move(request)},
                                           options);
  }

  TestService service_;
  const std::string endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> server_;
  std::shared_ptr<Channel> channel_;
};

TEST_P(RoundTrip, PayloadsOfAllSizesComeBackAsTheyWere) {
  for (const std::size_t size : std::initializer_list<std::size_t>{
           0, 1, 4095, 4096, 4097, 131071, 131072, 131073, 1 << 20, kLarge}) {
    std::string payload(size, 'x');
    for (std::size_t i = 0; i < size; i += 4001) payload[i] = static_cast<char>(i / 4001);
    const RawResult reply = Call(kEcho, payload);
    ASSERT_TRUE(reply.ok()) << size << ": " << reply.status();
    EXPECT_TRUE(reply->bytes == payload) << size;
  }
}

TEST_P(RoundTrip, ErrorsKeepTheirCodeTextDetailsAndTrailers) {
  Metadata trailers;
  const RawResult reply = Call(kFail, "it", {.trailers = &trailers});
  EXPECT_TRUE(absl::IsNotFound(reply.status()));
  EXPECT_EQ(reply.status().message(), "nothing called it");
  EXPECT_TRUE(reply.status().GetPayload("type.googleapis.com/test.v1.Detail").has_value());
  EXPECT_EQ(trailers, (Metadata{{"why", "because"}}));
}

TEST_P(RoundTrip, MetadataGoesThereAndBack) {
  Metadata trailers;
  const RawResult reply =
      Call(kMeta, "",
           {.metadata = {{"a", "1"}, {"b", std::string("\0\xff", 2)}}, .trailers = &trailers});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(trailers.size(), 2u);
  EXPECT_EQ(trailers[1].second, std::string("\0\xff", 2));
}

TEST_P(RoundTrip, ManyThreadsShareOneConnection) {
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        const RawResult reply = Call(kEcho, text);
        if (reply.ok() && reply->bytes == text) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 1600);
  EXPECT_EQ(channel_->connections_made(), 1u);
}

TEST_P(RoundTrip, CallbacksAndBlockingCallsMix) {
  Counter done;
  std::atomic<int> good = 0;
  for (int i = 0; i < 500; ++i) {
    internal::StartUnary<RawMessage>(*channel_, kEcho, RawMessage{"async"}, {},
                                     [&](RawResult reply) {
                                       if (reply.ok() && reply->bytes == "async") ++good;
                                       done.Add();
                                     });
    if (i % 10 == 0) {
      EXPECT_TRUE(Call(kEcho, "blocking").ok());
    }
  }
  EXPECT_TRUE(done.WaitFor(500));
  EXPECT_EQ(good, 500);
}

// On a channel that has yet to connect, and in a callback, where calls travel together.
TEST_P(RoundTrip, ASmallCallDoesNotBeginBeforeALargeOne) {
  const auto both = [this] {
    std::vector<std::future<RawResult>> replies;
    for (const std::size_t size : {300'000, 10, 3'000'000, 0}) {
      const auto reply = std::make_shared<std::promise<RawResult>>();
      replies.push_back(reply->get_future());
      internal::StartUnary<RawMessage>(
          *channel_, kEcho, RawMessage{std::string(size, 'b')}, {},
          [reply](RawResult result) { reply->set_value(std::move(result)); });
    }
    return replies;
  };
  const auto expect_ok = [](std::vector<std::future<RawResult>> replies) {
    for (auto& reply : replies) {
      const RawResult result = reply.get();
      EXPECT_TRUE(result.ok()) << result.status();
    }
  };
  expect_ok(both());
  std::promise<std::vector<std::future<RawResult>>> begun;
  internal::StartUnary<RawMessage>(*channel_, kEcho, RawMessage{}, {},
                                   [&](const RawResult&) { begun.set_value(both()); });
  expect_ok(begun.get_future().get());
  EXPECT_EQ(channel_->connections_made(), 1u);
}

TEST_P(RoundTrip, CoroutinesCall) {
  auto task = [](std::shared_ptr<Channel> channel) -> Task<RawResult> {
    auto first = internal::CoUnary<RawMessage>(channel, kEcho, RawMessage{"one"}, CallOptions{});
    RawResult one = co_await first;
    if (!one.ok()) co_return one;
    auto second = internal::CoUnary<RawMessage>(channel, kEcho, RawMessage{one->bytes + " two"},
                                                CallOptions{});
    RawResult two = co_await second;
    co_return two;
  };
  Task<RawResult> running = task(channel_);
  Counter done;
  running.Start([](void* counter) { static_cast<Counter*>(counter)->Add(); }, &done);
  ASSERT_TRUE(done.WaitFor(1));
  EXPECT_EQ(running.Take()->bytes, "one two");
}

TEST_P(RoundTrip, StreamsOfRepliesKeepTheirOrderWhateverTheCredit) {
  auto stream = internal::OpenReader<RawMessage>(*channel_, kCount, RawMessage{"50000"}, {});
  int expected = 0;
  while (auto message = stream.Next()) {
    ASSERT_EQ(message->bytes, std::to_string(expected));
    ++expected;
  }
  EXPECT_TRUE(stream.status().ok()) << stream.status();
  EXPECT_EQ(expected, 50000);
}

TEST_P(RoundTrip, StreamsOfRequestsAreAnsweredOnce) {
  auto stream = internal::OpenWriter<RawMessage, RawMessage>(*channel_, kConcat, {});
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string part(100, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(stream.Write(RawMessage{part}));
    expected += part + ",";
  }
  const RawResult reply = stream.Finish();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(reply->bytes == expected);
}

TEST_P(RoundTrip, BothDirectionsStreamAtOnce) {
  auto stream = internal::OpenReaderWriter<RawMessage, RawMessage>(*channel_, kChat, {});
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) stream.Write(RawMessage{std::to_string(i)});
    stream.WritesDone();
  });
  int count = 0;
  while (auto reply = stream.Next()) EXPECT_EQ(reply->bytes, "re: " + std::to_string(count++));
  writer.join();
  EXPECT_EQ(count, 2000);
  EXPECT_TRUE(stream.status().ok()) << stream.status();
}

TEST_P(RoundTrip, AStreamThatNobodyReadsHoldsUpNobodyElse) {
  auto stream = internal::OpenReader<RawMessage>(*channel_, kForever, RawMessage{}, {});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Call(kEcho, "past it").ok());
  stream.Cancel();
  while (stream.Next()) {
  }
  EXPECT_TRUE(absl::IsCancelled(stream.status()));
  EXPECT_TRUE(service_.stopped.WaitFor(1));
}

TEST_P(RoundTrip, SmallCallsPassALargeMessage) {
  std::thread large([&] { EXPECT_TRUE(Call(kEcho, std::string(kLarge, 'L')).ok()); });
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Call(kEcho, "small").ok());
  large.join();
}

TEST_P(RoundTrip, DeadlineEndsTheCallOnBothSides) {
  const RawResult reply = Call(kWait, "", {.timeout = milliseconds(30)});
  EXPECT_TRUE(absl::IsDeadlineExceeded(reply.status())) << reply.status();
  EXPECT_TRUE(service_.stopped.WaitFor(1));
  EXPECT_TRUE(Call(kEcho, "still good").ok());
}

TEST_P(RoundTrip, StopTokenEndsABlockedCallAndItsHandler) {
  std::stop_source stop;
  std::thread stopping([&] {
    EXPECT_TRUE(service_.entered.WaitFor(1));
    stop.request_stop();
  });
  const RawResult reply = Call(kWait, "", {.stop = stop.get_token()});
  EXPECT_TRUE(absl::IsCancelled(reply.status())) << reply.status();
  stopping.join();
  EXPECT_TRUE(service_.stopped.WaitFor(1));
}

TEST_P(RoundTrip, RequestAboveTheServersLimitIsRefusedHereAndNamesBoth) {
  const RawResult reply = Call(kEcho, std::string(kLarge + 1001, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(reply.status())) << reply.status();
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr(std::to_string(kLarge + 1001)));
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr(std::to_string(kLarge + 1000)));
  EXPECT_TRUE(Call(kEcho, "still good").ok());
  EXPECT_EQ(channel_->connections_made(), 1u);
}

TEST_P(RoundTrip, ConnectsAgainWhenTheServerWasRestarted) {
  ASSERT_TRUE(Call(kEcho, "first").ok());
  server_->Shutdown(milliseconds(0));
  StartServer();
  const RawResult reply = Call(kEcho, "second");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->bytes, "second");
  EXPECT_EQ(channel_->connections_made(), 2u);
}

TEST_P(RoundTrip, CallsInFlightEndUnavailableWhenTheServerStopsThem) {
  std::thread stopping([&] {
    EXPECT_TRUE(service_.entered.WaitFor(1));
    server_->Shutdown(milliseconds(0));
  });
  const RawResult reply = Call(kWait, "");
  EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
  stopping.join();
}

TEST_P(RoundTrip, NoServerIsUnavailableAndNamesTheEndpoint) {
  const auto channel = Connect("nobody-is-here", {.transport = transport_.get()});
  const RawResult reply =
      internal::CallUnary<RawMessage>(*channel, kEcho, RawMessage{}, CallOptions{});
  EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("nobody-is-here"));
}

TEST_P(RoundTrip, AChannelSaysWhoServesWhileItIsConnected) {
  EXPECT_EQ(channel_->peer(), std::nullopt);
  ASSERT_TRUE(Call(kEcho, "x").ok());
  const std::optional<Peer> peer = channel_->peer();
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(*peer, OwnPeer());
  channel_->Close();
  EXPECT_EQ(channel_->peer(), std::nullopt);
}

TEST_P(RoundTrip, CloseEndsCallsInFlight) {
  std::thread closing([&] {
    EXPECT_TRUE(service_.entered.WaitFor(1));
    channel_->Close();
  });
  EXPECT_TRUE(absl::IsCancelled(Call(kStubborn, "").status()));
  closing.join();
  service_.release.Set();
}

TEST_P(RoundTrip, SeveralLoopsServeSeveralConnections) {
  server_->Shutdown(milliseconds(0));
  server_ =
      std::make_unique<Server>(ServerOptions{.event_loops = 3, .transport = transport_.get()});
  ASSERT_TRUE(server_->AddService(service_.service()).ok());
  ASSERT_TRUE(server_->Start(endpoint_).ok());
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      const auto channel = NewChannel();
      for (int i = 0; i < 100; ++i) {
        if (internal::CallUnary<RawMessage>(*channel, kEcho, RawMessage{"x"}, CallOptions{}).ok()) {
          ++good;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 600);
}

INSTANTIATE_TEST_SUITE_P(Transports, RoundTrip, ::testing::ValuesIn(transport::TransportNames()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::testing
