// Calls with a retry policy, in every form that has one.
#include "piperpc/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "piperpc/metrics.h"
#include "piperpc/middleware.h"
#include "piperpc/raw_client.h"
#include "piperpc/raw_service.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "policy/flaky_service.h"
#include "support/eventually.h"
#include "support/raw_forms.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using From = FaultInjector::From;

// Does not wait to speak of between attempts.
RetryPolicy Quick(int attempts) {
  return {.max_attempts = attempts,
          .initial_backoff = milliseconds(1),
          .max_backoff = milliseconds(1),
          .idempotent = true};
}

// Waits until the clock is set, whatever the random number.
RetryPolicy Patient() {
  return {.max_attempts = 2,
          .initial_backoff = hours(900),
          .max_backoff = hours(900),
          .idempotent = true};
}

RetryOptions Of(const RetryPolicy& policy) { return {.policies = {{"", policy}}}; }

bool HasOneRequest(const NamedForm& form) {
  return form.method == "Unary" || form.method == "Down";
}

std::vector<NamedForm> FormsOfOneRequest(bool one_request = true) {
  std::vector<NamedForm> forms = RawForms();
  std::erase_if(forms, [=](const NamedForm& form) { return HasOneRequest(form) != one_request; });
  return forms;
}

class RetryTest : public ::testing::TestWithParam<NamedForm> {
 protected:
  explicit RetryTest(FakeClock* clock = nullptr) : server_(flaky_.service(), {.clock = clock}) {}

  // A client of its own, which is connected: so packets can be counted.
  std::shared_ptr<Channel> Connect(ChannelOptions options) {
    channel_ = server_.NewChannel(std::move(options));
    EXPECT_THAT(channel_->WaitUntilReady(kTooLong), IsOk());
    return channel_;
  }
  void ConnectWith(const RetryPolicy& policy) { Connect({.retry = Of(policy)}); }

  CallResult Call(CallOptions options = {}) {
    options.attempts = &attempts_;
    return GetParam().call(RawClient(channel_), GetParam().method, {"x"}, std::move(options));
  }
  std::future<CallResult> CallAside(CallOptions options) {
    return std::async(std::launch::async, [this, options] { return Call(options); });
  }

  FlakyService flaky_;
  InProcessServer server_;
  std::shared_ptr<Channel> channel_;
  int attempts_ = 0;
};

std::string NameOf(const ::testing::TestParamInfo<NamedForm>& form) { return form.param.name; }
INSTANTIATE_TEST_SUITE_P(Forms, RetryTest, ::testing::ValuesIn(FormsOfOneRequest()), NameOf);

TEST_P(RetryTest, AnIdempotentMethodIsCalledUntilItSucceeds) {
  ConnectWith(Quick(4));
  flaky_.FailTimes(3);
  const CallResult result = Call();
  EXPECT_THAT(result.status, IsOk());
  EXPECT_THAT(result.replies, ElementsAre("x"));
  EXPECT_EQ(flaky_.runs.count(), 4);
  EXPECT_EQ(attempts_, 4);
}

TEST_P(RetryTest, ACallThatSucceedsIsMadeOnce) {
  ConnectWith(Quick(4));
  EXPECT_THAT(Call().status, IsOk());
  EXPECT_EQ(flaky_.runs.count(), 1);
  EXPECT_EQ(attempts_, 1);
}

TEST_P(RetryTest, EndsWithTheLastErrorAndWhyItWasTheLast) {
  ConnectWith(Quick(3));
  absl::Status busy = absl::UnavailableError("busy");
  busy.SetPayload("type.googleapis.com/flaky.v1.Detail", absl::Cord("detail"));
  flaky_.FailTimes(9, busy);
  const absl::Status status = Call().status;
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable,
                               "busy (attempt 3 of 3; not retried: no attempt is left)"));
  EXPECT_EQ(status.GetPayload("type.googleapis.com/flaky.v1.Detail"), absl::Cord("detail"));
  EXPECT_EQ(flaky_.runs.count(), 3);
  EXPECT_EQ(attempts_, 3);
}

TEST_P(RetryTest, WithoutAPolicyACallIsMadeOnce) {
  Connect({});
  flaky_.FailTimes(1);
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kUnavailable, "busy"));
  EXPECT_EQ(attempts_, 1);
}

TEST_P(RetryTest, AMethodThatIsNotIdempotentRunsOnce) {
  RetryPolicy policy = Quick(4);
  policy.idempotent = false;
  ConnectWith(policy);
  flaky_.FailTimes(1);
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kUnavailable, HasSubstr("not idempotent")));
  EXPECT_EQ(flaky_.runs.count(), 1);
}

TEST_P(RetryTest, OtherCodesAreNotRetried) {
  ConnectWith(Quick(4));
  flaky_.FailWith({absl::NotFoundError("none")});
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kNotFound, "none"));
  flaky_.FailWith({absl::UnavailableError("busy"), absl::NotFoundError("none")});
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kNotFound, "none (attempt 2 of 4)"));
  EXPECT_EQ(flaky_.runs.count(), 3);
}

TEST_P(RetryTest, RetriesTheCodesOfThePolicy) {
  RetryPolicy policy = Quick(4);
  policy.codes = {StatusCode::kAborted, StatusCode::kResourceExhausted};
  ConnectWith(policy);
  flaky_.FailWith({absl::AbortedError("race"), absl::ResourceExhaustedError("full")});
  EXPECT_THAT(Call().status, IsOk());
  flaky_.FailWith({absl::UnavailableError("busy")});
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kUnavailable, "busy"));
}

TEST_P(RetryTest, AConnectionThatIsLostUnderARequestCostsAnAttempt) {
  ConnectWith(Quick(2));
  for (const From from : {From::kClient, From::kServer}) {
    server_.faults().Cut(from);
    EXPECT_THAT(Call().status, IsOk());
    EXPECT_EQ(attempts_, 2);
  }
}

TEST_P(RetryTest, ARequestThatMayHaveArrivedIsNotSentAgain) {
  RetryPolicy policy = Quick(2);
  policy.idempotent = false;
  ConnectWith(policy);
  server_.faults().Cut(From::kClient);
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kUnavailable, HasSubstr("not idempotent")));
  EXPECT_EQ(attempts_, 1);
}

TEST_P(RetryTest, WhereThereIsNoServerAnyMethodTriesAgain) {
  RetryPolicy policy = Quick(100);
  policy.idempotent = false;
  policy.max_backoff = milliseconds(20);
  channel_ = server_.NewChannel({.retry = {.policies = {{"", policy}}, .max_tokens = 1000}});
  server_.faults().Refuse(absl::UnavailableError("no server"));
  auto call = CallAside({});
  EXPECT_TRUE(Eventually([this] { return server_.faults().connects() >= 3; }));
  server_.faults().Heal();
  ASSERT_TRUE(Arrives(call));
  EXPECT_THAT(call.get().status, IsOk());
  EXPECT_EQ(static_cast<std::size_t>(attempts_), server_.faults().connects());
}

// The server has looked at nothing of a connection that it refuses.
TEST_P(RetryTest, OnAConnectionThatIsRefusedAnyMethodTriesAgain) {
  RetryPolicy policy = Quick(3);
  policy.idempotent = false;
  policy.codes = {StatusCode::kResourceExhausted};
  InProcessServer full(flaky_.service(), {.server = {.max_connections = 1}});
  ASSERT_THAT(full.channel()->WaitUntilReady(minutes(1)), IsOk());
  channel_ = full.NewChannel({.retry = Of(policy)});
  EXPECT_THAT(Call().status,
              StatusIs(StatusCode::kResourceExhausted,
                       HasSubstr("attempt 3 of 3; not retried: no attempt is left")));
  EXPECT_EQ(flaky_.runs.count(), 0);
}

TEST_P(RetryTest, ARefusalThatThePolicyDoesNotNameIsTheEnd) {
  channel_ = server_.NewChannel({.retry = Of(Quick(100))});
  server_.faults().Refuse(absl::PermissionDeniedError("not you"));
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kPermissionDenied, "not you"));
  EXPECT_EQ(server_.faults().connects(), 1u);
}

TEST_P(RetryTest, TheDeadlineIsThatOfAllAttempts) {
  ConnectWith(Patient());
  flaky_.FailTimes(1);
  EXPECT_THAT(Call({.timeout = minutes(1)}).status,
              StatusIs(StatusCode::kUnavailable, HasSubstr("the deadline comes before")));
  EXPECT_EQ(flaky_.runs.count(), 1);
}

TEST_P(RetryTest, ACancelEndsTheWait) {
  ConnectWith(Patient());
  flaky_.FailTimes(1);
  std::stop_source stop;
  auto call = CallAside({.timeout = hours(9000), .stop = stop.get_token()});
  ASSERT_TRUE(flaky_.runs.WaitFor(1));
  stop.request_stop();
  ASSERT_TRUE(Arrives(call));
  EXPECT_THAT(call.get().status, StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(flaky_.runs.count(), 1);
}

TEST_P(RetryTest, TheEndOfTheChannelEndsTheWait) {
  ConnectWith(Patient());
  flaky_.FailTimes(1);
  auto call = CallAside({.timeout = hours(9000)});
  ASSERT_TRUE(flaky_.runs.WaitFor(1));
  channel_->Close();
  ASSERT_TRUE(Arrives(call));
  EXPECT_THAT(call.get().status, StatusIs(StatusCode::kCancelled));
}

// Half of four tokens are left after two failures. Two successes return two.
TEST_P(RetryTest, FailuresUseUpTheBudgetAndSuccessesRestoreIt) {
  Connect({.retry = {.policies = {{"", Quick(9)}}, .max_tokens = 4, .token_ratio = 1}});
  flaky_.FailTimes(2);
  EXPECT_THAT(Call().status,
              StatusIs(StatusCode::kUnavailable, HasSubstr("too many calls of this channel")));
  EXPECT_EQ(attempts_, 2);
  EXPECT_THAT(Call().status, IsOk());
  EXPECT_THAT(Call().status, IsOk());
  flaky_.FailTimes(1);
  EXPECT_THAT(Call().status, IsOk());
  EXPECT_EQ(attempts_, 2);
}

TEST_P(RetryTest, ThePolicyOfAMethodComesBeforeThatOfItsServiceAndThatOfAll) {
  const std::string method = "shapes.v1.Raw/" + GetParam().method;
  Connect(
      {.retry = {.policies = {{"", Quick(1)}, {"shapes.v1.Raw", Quick(2)}, {method, Quick(3)}}}});
  flaky_.FailTimes(9);
  EXPECT_THAT(Call().status, Not(IsOk()));
  EXPECT_EQ(attempts_, 3);
  Connect(
      {.retry = {.policies = {
                     {"", Quick(1)}, {"shapes.v1.Raw", Quick(2)}, {"shapes.v1.Raw/X", Quick(3)}}}});
  EXPECT_THAT(Call().status, Not(IsOk()));
  EXPECT_EQ(attempts_, 2);
}

// Sees each call once.
class Watcher final : public ClientMiddleware {
 public:
  absl::Status Before(ClientContext&) override {
    ++before;
    return absl::OkStatus();
  }
  void After(ClientContext& context, const absl::Status&) override {
    attempts = context.attempts();
  }
  std::atomic<int> before = 0;
  std::atomic<int> attempts = 0;
};

TEST_P(RetryTest, MiddlewareSeesOneCallAndItsAttempts) {
  const auto watcher = std::make_shared<Watcher>();
  Connect({.retry = Of(Quick(4)), .middleware = {watcher}});
  flaky_.FailTimes(2);
  EXPECT_THAT(Call().status, IsOk());
  EXPECT_EQ(watcher->before, 1);
  EXPECT_TRUE(Eventually([&] { return watcher->attempts == 3; }));
}

TEST_P(RetryTest, MetricsCountOneCallAndItsRetries) {
  const auto metrics = std::make_shared<Metrics>();
  Connect({.retry = Of(Quick(4)), .metrics = metrics});
  flaky_.FailTimes(2);
  EXPECT_THAT(Call().status, IsOk());
  const MetricsSnapshot snapshot = metrics->Read();
  ASSERT_EQ(snapshot.client.size(), 1u);
  const MethodMetrics& method = snapshot.client.front();
  EXPECT_EQ(method.started, 1u);
  EXPECT_EQ(method.retries, 2u);
  EXPECT_EQ(method.ended[0], 1u);
  EXPECT_EQ(method.in_flight(), 0u);
  EXPECT_EQ(method.messages_sent, 3u);
  EXPECT_THAT(PrometheusText(snapshot),
              HasSubstr("piperpc_client_retries_total{method=\"" + method.method + "\"} 2\n"));
}

// Streams of requests have no policy, even where one is for all methods.
class RetryOfStreamedRequestsTest : public RetryTest {};
INSTANTIATE_TEST_SUITE_P(Forms, RetryOfStreamedRequestsTest,
                         ::testing::ValuesIn(FormsOfOneRequest(false)), NameOf);

TEST_P(RetryOfStreamedRequestsTest, AreCalledOnce) {
  ConnectWith(Quick(4));
  flaky_.FailTimes(1);
  EXPECT_THAT(Call().status, StatusIs(StatusCode::kUnavailable, "busy"));
  EXPECT_EQ(flaky_.runs.count(), 1);
}

std::vector<NamedForm> FormsOfDown() {
  std::vector<NamedForm> forms = RawForms();
  std::erase_if(forms, [](const NamedForm& form) { return form.method != "Down"; });
  return forms;
}

class RetryOfStreamTest : public RetryTest {};
INSTANTIATE_TEST_SUITE_P(Forms, RetryOfStreamTest, ::testing::ValuesIn(FormsOfDown()), NameOf);

TEST_P(RetryOfStreamTest, AStreamThatHasRepliedIsNotBegunAgain) {
  ConnectWith(Quick(4));
  flaky_.ReplyBeforeFailing();
  flaky_.FailTimes(1);
  const CallResult result = Call();
  EXPECT_THAT(result.status,
              StatusIs(StatusCode::kUnavailable, HasSubstr("replies have come already")));
  EXPECT_THAT(result.replies, ElementsAre("x"));
  EXPECT_EQ(flaky_.runs.count(), 1);
}

std::vector<NamedForm> FormsOfUnary() {
  std::vector<NamedForm> forms = RawForms();
  std::erase_if(forms, [](const NamedForm& form) { return form.method != "Unary"; });
  return forms;
}

class RetryOfUnaryTest : public RetryTest {};
INSTANTIATE_TEST_SUITE_P(Forms, RetryOfUnaryTest, ::testing::ValuesIn(FormsOfUnary()), NameOf);

TEST_P(RetryOfUnaryTest, TrailersAreThoseOfTheLastAttempt) {
  ConnectWith(Quick(4));
  flaky_.FailTimes(2);
  const CallResult result = Call();
  EXPECT_THAT(result.status, IsOk());
  EXPECT_THAT(result.trailers, ElementsAre(Pair("run", "3")));
}

// The time between attempts is that of the channel's clock.
class FakeClockOwner {
 protected:
  FakeClock clock_;
};
class RetryInFakeTimeTest : private FakeClockOwner, public RetryTest {
 protected:
  RetryInFakeTimeTest() : RetryTest(&clock_) {}
  using FakeClockOwner::clock_;
};
INSTANTIATE_TEST_SUITE_P(Forms, RetryInFakeTimeTest, ::testing::ValuesIn(FormsOfOneRequest()),
                         NameOf);

TEST_P(RetryInFakeTimeTest, WaitsBetweenTheAttempts) {
  ConnectWith(Patient());
  flaky_.FailTimes(1);
  auto call = CallAside({.timeout = hours(100'000)});
  ASSERT_TRUE(flaky_.runs.WaitFor(1));
  EXPECT_EQ(flaky_.runs.count(), 1);
  EXPECT_TRUE(clock_.AdvanceUntil([&] { return flaky_.runs.Reached(2); }, hours(1)));
  ASSERT_TRUE(Arrives(call));
  EXPECT_THAT(call.get().status, IsOk());
}

// Many calls at once: under a sanitizer, on whatever threads their ends meet.
TEST(RetryStorm, AllCallsEndWhileConnectionsAreCut) {
  FlakyService flaky;
  InProcessServer server(flaky.service());
  const auto channel =
      server.NewChannel({.retry = {.policies = {{"", Quick(100)}}, .max_tokens = 1'000'000}});
  const RawClient client(channel);
  std::atomic<bool> over = false;
  std::atomic<int> ended = 0;
  constexpr int kCalls = 60;
  {
    std::jthread cutter([&] {
      while (!over) {
        server.faults().CutConnections();
        std::this_thread::yield();
      }
    });
    std::vector<std::jthread> callers;
    for (int thread = 0; thread < 2; ++thread) {
      callers.emplace_back([&] {
        for (int i = 0; i < kCalls; ++i) {
          client.UnaryAsync("shapes.v1.Raw/Unary", RawMessage{"x"}, {},
                            [&](absl::StatusOr<RawMessage>) { ++ended; });
          client.Unary("shapes.v1.Raw/Unary", RawMessage{"x"}).status().IgnoreError();
          ++ended;
        }
      });
    }
    callers.clear();
    over = true;
  }
  EXPECT_TRUE(Eventually([&] { return ended == 4 * kCalls; }));
}

// The first of its calls waits until it is stopped; those after it reply.
Stream<RawMessage> ReplyTheSecondTime(ServerContext& context, std::atomic<int>& runs) {
  if (++runs == 1) {
    AsyncEvent never;
    auto stopped = never.Wait(context.stop_token());
    co_await stopped;
  }
  const RawMessage reply{"at last"};
  co_yield reply;
}

// It has been open for longer than a call waits for a server.
TEST(Retry, AStreamWaitsForItsServerAsLongAsAtFirst) {
  std::atomic<int> runs = 0;
  RawService service("test.v1.Late");
  service.AddServerStreaming("Watch", [&runs](ServerContext& context, RawMessage) {
    return ReplyTheSecondTime(context, runs);
  });
  FakeClock clock;
  InProcessServer server(service, {.clock = &clock});
  const auto channel =
      server.NewChannel({.wait_for_ready = std::chrono::hours(1), .retry = Of(Quick(2))});
  ASSERT_THAT(channel->WaitUntilReady(minutes(1)), IsOk());
  auto stream = RawClient(channel).ServerStreaming("test.v1.Late/Watch", RawMessage());
  ASSERT_TRUE(Eventually([&runs] { return runs == 1; }));

  clock.Advance(hours(2));
  server.faults().Refuse(absl::UnavailableError("no server"));
  server.faults().CutConnections();
  const std::size_t before = server.faults().connects();
  EXPECT_TRUE(clock.AdvanceUntil([&] { return server.faults().connects() >= before + 3; }));
  server.faults().Heal();
  auto reply = std::async([&stream] { return stream.Next(); });
  EXPECT_TRUE(clock.AdvanceUntil(
      [&] { return reply.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
  EXPECT_TRUE(reply.get().has_value());
}

}  // namespace
}  // namespace piperpc::testing
