// Replies, cancellations, the server's shutdown and the connection to the next one, all at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "e2e/racers.h"
#include "piperpc/client.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/chance.h"
#include "support/eventually.h"
#include "support/test_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using internal::ClientMethod;
using std::chrono::milliseconds;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};
constexpr ClientMethod kWait{"test.v1.Test/Wait", MethodType::kUnary};
constexpr ClientMethod kCount{"test.v1.Test/Count", MethodType::kServerStreaming};

constexpr int kCourses = 16;
constexpr unsigned kMessages = 20;
constexpr unsigned kLongestPause = 100;  // In yields of the processor.

void ExpectPossible(const absl::Status& end) {
  EXPECT_TRUE(end.ok() || absl::IsCancelled(end) || absl::IsUnavailable(end)) << end;
}

// A channel, and the servers that it finds at one endpoint, one after the other.
class Course {
 public:
  Course(transport::Transport& transport, unsigned long seed)
      : transport_(transport), numbers_(static_cast<std::mt19937::result_type>(seed)) {
    StartServer();
  }

  // Everything at once, and then a call that has to find the next server.
  void Race() {
    stop_ = {};
    gentle_ = !gentle_;
    for (unsigned& pause : pauses_) pause = numbers_() % kLongestPause;
    wanted_ = std::min<unsigned>(numbers_() % (2 * kMessages), kMessages);
    racers_.Race();
    const RawResult reply =
        internal::CallUnary<RawMessage>(*channel_, kEcho, RawMessage{"next"}, {});
    EXPECT_TRUE(reply.ok()) << reply.status();
  }

  // After so many races.
  void ExpectThatAllHasEndedOnce(int races) {
    channel_.reset();
    server_.reset();
    EXPECT_EQ(callbacks_.count(), races);
    EXPECT_LE(service_.entered.count() - service_.stopped.count(), aborted_);
  }

 private:
  enum Pause { kBeforeRestart, kBeforeCall, kBeforeStop, kBeforeStart, kBeforeCancel, kPauses };

  void StartServer() {
    server_ = std::make_unique<Server>(ServerOptions{.transport = &transport_});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    const absl::Status started = server_->Start(endpoint_);
    ASSERT_TRUE(started.ok()) << started;
  }

  void Hesitate(Pause pause) {
    for (unsigned left = pauses_[pause]; left > 0; --left) std::this_thread::yield();
  }

  void Restart() {
    Hesitate(kBeforeRestart);
    const ShutdownReport report = server_->Shutdown(gentle_ ? kTooLong : milliseconds(0));
    EXPECT_TRUE(report.status.ok()) << report.status;
    aborted_ += static_cast<int>(report.aborted.size());  // On a machine that is very busy.
    EXPECT_TRUE(report.stopped.empty() || !gentle_) << report.stopped.front();
    StartServer();
  }

  void CallAndBlock() {
    Hesitate(kBeforeCall);
    const CallOptions options{.stop = stop_.get_token()};
    const RawResult reply =
        internal::CallUnary<RawMessage>(*channel_, kEcho, RawMessage{"hello"}, options);
    EXPECT_TRUE(!reply.ok() || reply->bytes == "hello") << reply->bytes;
    ExpectPossible(reply.status());
  }

  void StopTheBlockedCall() {
    Hesitate(kBeforeStop);
    stop_.request_stop();
  }

  // Ends only because it is cancelled, or the server is shut down.
  void CallAndCancel() {
    Hesitate(kBeforeStart);
    std::promise<absl::Status> ended;
    std::future<absl::Status> end = ended.get_future();
    PendingCall call = internal::StartUnary<RawMessage>(
        *channel_, kWait, RawMessage{}, {},
        [this, ended = std::move(ended)](const RawResult& reply) mutable {
          callbacks_.Add();
          ended.set_value(reply.status());
        });
    Hesitate(kBeforeCancel);
    call.Cancel();
    ASSERT_TRUE(Arrives(end));
    const absl::Status status = end.get();
    EXPECT_FALSE(status.ok());
    ExpectPossible(status);
  }

  // Reads some of the messages, and then cancels; or all of them, to the end.
  void Stream() {
    const RawMessage request{std::to_string(kMessages)};
    auto stream = internal::OpenReader<RawMessage>(*channel_, kCount, request, {});
    unsigned read = 0;
    while (read < wanted_) {
      const std::optional<RawMessage> message = stream.Next();
      if (!message.has_value()) break;
      EXPECT_EQ(message->bytes, std::to_string(read++));
    }
    if (wanted_ < kMessages) stream.Cancel();
    while (stream.Next().has_value()) continue;
    const absl::Status end = stream.status();
    EXPECT_TRUE(!end.ok() || read == kMessages) << read;
    EXPECT_TRUE(end.ok() || !gentle_ || wanted_ < kMessages) << "a gentle restart lost it: " << end;
    ExpectPossible(end);
  }

  transport::Transport& transport_;
  std::mt19937 numbers_;
  TestService service_;
  const std::string endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> server_;
  std::shared_ptr<Channel> channel_ =
      Connect(endpoint_,
              {.default_timeout = kTooLong, .wait_for_ready = kTooLong, .transport = &transport_});
  Counter callbacks_;
  int aborted_ = 0;  // Calls, of all shutdowns.

  // Of this race.
  bool gentle_ = false;    // The shutdown leaves calls the time to end by themselves.
  std::stop_source stop_;  // Of the blocked call.
  std::array<unsigned, kPauses> pauses_{};
  unsigned wanted_ = 0;  // Messages.

  Racers racers_{{[this] { Restart(); }, [this] { CallAndBlock(); },
                  [this] { StopTheBlockedCall(); }, [this] { CallAndCancel(); },
                  [this] { Stream(); }}};
};

class ShutdownRace : public transport::EachTransport {};

// Several courses, as one of them mostly waits for its next server.
TEST_P(ShutdownRace, EndsEachCallOnceAsItMayAndTheChannelGoesOn) {
  std::mt19937 seeds = RandomNumbers();
  const int races = Times(64, 6'250);  // 1,024 or 100,000 in all.
  std::vector<std::jthread> threads;
  for (int i = 0; i < kCourses; ++i) {
    threads.emplace_back([this, races, seed = seeds()] {
      Course course(*transport_, seed);
      int run = 0;
      for (; run < races && !HasFailure(); ++run) course.Race();
      course.ExpectThatAllHasEndedOnce(run);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(On, ShutdownRace, ::testing::ValuesIn(transport::TransportNames()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::testing
