#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/builtin.h"
#include "piperpc/metrics.h"
#include "piperpc/raw_client.h"
#include "piperpc/testing/fake_server_context.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "piperpc/v1/stats.piperpc.h"
#include "src/builtin/stats_service.h"
#include "support/eventually.h"
#include "support/loop_blocker.h"
#include "support/test_service.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;
using ::testing::SizeIs;

auto IsCount(const std::string& code, std::uint64_t count) {
  return AllOf(Property(&v1::CodeCount::code, code), Property(&v1::CodeCount::count, count));
}

// The stats of a server that is started by hand: the builtin services are added to it before.
class StatsTest : public ::testing::Test {
 protected:
  ~StatsTest() override {
    for (const auto& channel : {channel_, other_}) {
      if (channel != nullptr) channel->Close();
    }
    if (server_.has_value()) server_->Shutdown(std::chrono::seconds(0));
  }

  void Start(ServerOptions options, BuiltinOptions builtin = {.stats = true}) {
    options.transport = faults_.transport();
    server_.emplace(std::move(options));
    builtin_.emplace(builtin);
    ASSERT_THAT(builtin_->AddTo(*server_), IsOk());
    ASSERT_THAT(server_->AddService(service_.service()), IsOk());
    ASSERT_THAT(server_->Start("stats"), IsOk());
    channel_ = NewChannel();
    other_ = NewChannel();
  }
  std::shared_ptr<Channel> NewChannel() {
    return Connect("stats", {.transport = faults_.transport()});
  }

  v1::StatsClient stats() { return v1::StatsClient(channel_); }

  FaultInjector faults_;
  TestService service_;
  std::optional<BuiltinServices> builtin_;
  std::optional<Server> server_;
  std::shared_ptr<Channel> channel_;
  std::shared_ptr<Channel> other_;
};

TEST_F(StatsTest, ListsTheConnectionsWithWhatTheyHaveDone) {
  Start({});
  RawClient other(other_);
  ASSERT_THAT(other.Unary("test.v1.Test/Big", {"100000"}), IsOk());
  const PendingCall waiting = other.UnaryAsync("test.v1.Test/Wait", {}, {}, [](auto) {});
  ASSERT_TRUE(service_.entered.WaitFor(2));

  const auto response = stats().ListConnections({});
  ASSERT_THAT(response, IsOk());
  ASSERT_THAT(response->connections(), SizeIs(2));
  const v1::Connection& theirs = response->connections(0);
  EXPECT_EQ(theirs.pid(), OwnPeer().pid);
  EXPECT_EQ(theirs.user(), OwnPeer().user);
  EXPECT_EQ(theirs.group(), OwnPeer().group);
  EXPECT_EQ(theirs.calls(), 1);
  EXPECT_GT(theirs.bytes_received(), 0);
  EXPECT_LT(theirs.bytes_received(), 1000);
  EXPECT_GE(theirs.bytes_sent(), 100'000);
  EXPECT_LT(theirs.bytes_sent(), 110'000);
  EXPECT_EQ(response->connections(1).calls(), 1);  // This one.
  EXPECT_LE(response->connections(1).age_ms(), theirs.age_ms());
}

TEST_F(StatsTest, ListsToAnotherUserItsOwnConnectionsOnly) {
  Start({});
  ASSERT_THAT(other_->WaitUntilReady(std::chrono::minutes(1)), IsOk());
  builtin::StatsServiceImpl stats;
  stats.set_server(*server_);
  v1::StatsService& service = stats;
  const auto seen_by = [&service](std::string user) {
    FakeServerContext context;
    context.set_peer({.pid = 1, .user = std::move(user), .group = {}});
    return context.Run(service.CoListConnections(context, {}));
  };
  const auto connections = [](auto matcher) {
    return IsOkAndHolds(Property(&v1::ListConnectionsResponse::connections, matcher));
  };
  EXPECT_THAT(seen_by("uid:4294967294"), connections(IsEmpty()));
  EXPECT_THAT(seen_by("uid:0"), connections(SizeIs(1)));
  EXPECT_THAT(seen_by(OwnPeer().user), connections(SizeIs(1)));
}

TEST_F(StatsTest, HasTheMetricsOfTheServer) {
  Start({.metrics = std::make_shared<Metrics>()});
  RawClient other(other_);
  ASSERT_THAT(other.Unary("test.v1.Test/Echo", {"12345"}), IsOk());
  ASSERT_THAT(other.Unary("test.v1.Test/Fail", {}), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(other.Unary("no.v1.Such/Method", {}), StatusIs(StatusCode::kUnimplemented));
  ASSERT_TRUE(Eventually([this] {
    const auto seen = stats().GetMetrics({});
    return seen.ok() && seen->refused_calls_size() == 1;
  }));

  const auto response = stats().GetMetrics({});
  ASSERT_THAT(response, IsOk());
  EXPECT_THAT(response->methods(),
              Contains(AllOf(Property(&v1::MethodStats::method, "test.v1.Test/Echo"),
                             Property(&v1::MethodStats::started, 1),
                             Property(&v1::MethodStats::in_flight, 0),
                             Property(&v1::MethodStats::ended, ElementsAre(IsCount("OK", 1))),
                             Property(&v1::MethodStats::messages_received, 1),
                             Property(&v1::MethodStats::bytes_received, 5),
                             Property(&v1::MethodStats::p50_us, Ge(16)))));
  EXPECT_THAT(
      response->methods(),
      Contains(AllOf(Property(&v1::MethodStats::method, "test.v1.Test/Fail"),
                     Property(&v1::MethodStats::ended, ElementsAre(IsCount("NOT_FOUND", 1))))));
  EXPECT_THAT(response->refused_calls(), ElementsAre(IsCount("UNIMPLEMENTED", 1)));
  EXPECT_EQ(response->connections_opened(), 2);
  EXPECT_EQ(response->request_memory().limit(), ServerOptions().parse_budget_bytes);
}

TEST_F(StatsTest, HasThemForPrometheus) {
  Start({.metrics = std::make_shared<Metrics>()});
  ASSERT_THAT(RawClient(other_).Unary("test.v1.Test/Echo", {}), IsOk());
  EXPECT_THAT(stats().GetPrometheusText({}),
              IsOkAndHolds(Property(
                  &v1::GetPrometheusTextResponse::text,
                  AllOf(HasSubstr("# TYPE piperpc_server_"), HasSubstr("test.v1.Test/Echo")))));
}

TEST_F(StatsTest, SaysWhyItHasNoMetrics) {
  Start({});
  const auto refused =
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("ServerOptions::metrics"));
  EXPECT_THAT(stats().GetMetrics({}), refused);
  EXPECT_THAT(stats().GetPrometheusText({}), refused);
}

TEST_F(StatsTest, HasTheLimits) {
  Start({.hello_timeout = std::chrono::milliseconds(1234), .worker_threads = 3});
  const auto response = stats().GetLimits({});
  ASSERT_THAT(response, IsOk());
  const auto limit = [](const std::string& name, std::uint64_t value, const std::string& unit) {
    return AllOf(Property(&v1::Limit::name, name), Property(&v1::Limit::value, value),
                 Property(&v1::Limit::unit, unit));
  };
  EXPECT_THAT(response->limits(), Contains(limit("hello_timeout", 1234, "ms")));
  EXPECT_THAT(response->limits(), Contains(limit("worker_threads", 3, "")));
  EXPECT_THAT(response->limits(),
              Contains(limit("max_message_bytes", ServerOptions().max_message_bytes, "bytes")));
}

TEST_F(StatsTest, IsThereOnlyWhereItIsAskedFor) {
  Start({}, {});
  EXPECT_THAT(stats().GetLimits({}), StatusIs(StatusCode::kUnimplemented));
}

TEST_F(StatsTest, TheServersListIsEmptyBeforeItStartsAndAfterItsEnd) {
  Server never;
  EXPECT_THAT(never.ListConnections(), IsOkAndHolds(IsEmpty()));
  Start({});
  ASSERT_THAT(other_->WaitUntilReady(std::chrono::minutes(1)), IsOk());
  EXPECT_THAT(server_->ListConnections(), IsOkAndHolds(SizeIs(1)));
  server_->Shutdown(std::chrono::seconds(0));
  EXPECT_THAT(server_->ListConnections(), IsOkAndHolds(IsEmpty()));
}

// The loops have ended then, and nobody waits for them.
TEST_F(StatsTest, TheServersListIsEmptyWhenTheLogTellsOfTheEnd) {
  absl::StatusOr<std::vector<ConnectionInfo>> list = absl::UnknownError("not asked");
  Start({.log = [&](const LogRecord& record) {
    if (record.event == "stopped") list = server_->ListConnections();
  }});
  server_->Shutdown(std::chrono::seconds(0));
  EXPECT_THAT(list, IsOkAndHolds(IsEmpty()));
}

TEST_F(StatsTest, TheServersListSaysWhichLoopDoesNotAnswer) {
  const auto blocker = std::make_shared<LoopBlocker>();
  Start({.middleware = {blocker}});
  auto call = std::async(std::launch::async, [this] {
    return RawClient(other_).Unary("test.v1.Test/Echo", RawMessage{"x"});
  });
  blocker->entered.get_future().wait();
  EXPECT_THAT(server_->ListConnections(),
              StatusIs(StatusCode::kDeadlineExceeded,
                       AllOf(HasSubstr("event loop 1 of 1"),
                             HasSubstr(": has not answered within 2 s; something blocks it"))));
  blocker->go_on.set_value();
  EXPECT_THAT(call.get(), IsOk());
}

// Its author has overridden none of its methods.
TEST(GeneratedServiceTest, SaysOfAMethodThatItIsNotImplemented) {
  class Empty final : public v1::StatsService {};
  Empty service;
  InProcessServer server(service);
  EXPECT_THAT(v1::StatsClient(server.channel()).GetLimits({}),
              StatusIs(StatusCode::kUnimplemented,
                       "piperpc.v1.StatsService/GetLimits is not implemented on this server"));
}

// It would wait for the very loop that it holds.
TEST_F(StatsTest, TheServersListIsRefusedOnALoop) {
  Start({});
  RawService asking("test.v1.Asking");
  Server* const server = &*server_;
  asking.AddUnary("List", [server](ServerContext&, RawMessage) -> Task<absl::StatusOr<RawMessage>> {
    absl::Status status = server->ListConnections().status();
    if (status.ok()) co_return RawMessage{};
    co_return status;
  });
  InProcessServer host(asking);
  EXPECT_THAT(RawClient(host.channel()).Unary("test.v1.Asking/List", {}),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("blocking handler")));
}

}  // namespace
}  // namespace piperpc::testing
