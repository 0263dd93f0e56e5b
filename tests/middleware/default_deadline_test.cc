#include "piperpc/default_deadline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <utility>

#include "middleware/relay.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kWait[] = "test.v1.Relay/Wait";

class DefaultDeadlineTest : public ::testing::Test {
 protected:
  void Start(DefaultDeadlineOptions options) {
    const InProcessOptions in_process{
        .server = {.middleware = {DefaultDeadline(std::move(options))}}, .clock = &clock_};
    server_.emplace(relay_.service(), in_process);
    ASSERT_THAT(server_->channel()->WaitUntilReady(hours(1)), IsOk());
  }

  // A call that waits until it is stopped.
  absl::Status Wait(CallOptions options = {.timeout = hours(1'000)}) {
    auto end = std::async(std::launch::async, [this, options] {
      return server_->client().Unary(kWait, {}, options).status();
    });
    const auto over = [&] { return end.wait_for(seconds(0)) == std::future_status::ready; };
    EXPECT_TRUE(clock_.AdvanceUntil(over, seconds(20)));
    return end.get();
  }
  std::chrono::steady_clock::duration TimeOf(const absl::FunctionRef<void()> action) {
    const auto begin = clock_.Now();
    action();
    return clock_.Now() - begin;
  }

  FakeClock clock_;
  Relay relay_;
  std::optional<InProcess<RawClient>> server_;
};

TEST_F(DefaultDeadlineTest, EndsACallThatTakesLongerThanTheMost) {
  Start({.most = seconds(30)});
  EXPECT_THAT(Wait(), StatusIs(StatusCode::kDeadlineExceeded,
                               HasSubstr("30000 ms (DefaultDeadlineOptions::most)")));
}

TEST_F(DefaultDeadlineTest, EndsACallWithoutADeadline) {
  Start({.missing = seconds(30)});
  const CallOptions none{.timeout = std::chrono::milliseconds::max()};
  EXPECT_THAT(Wait(none), StatusIs(StatusCode::kDeadlineExceeded,
                                   HasSubstr("30000 ms (DefaultDeadlineOptions::missing)")));
}

TEST_F(DefaultDeadlineTest, LeavesACallWithADeadlineToThat) {
  Start({.missing = seconds(30)});
  EXPECT_GE(TimeOf([this] {
              EXPECT_THAT(Wait({.timeout = hours(1)}), StatusIs(StatusCode::kDeadlineExceeded));
            }),
            hours(1));
}

TEST_F(DefaultDeadlineTest, LeavesACallAloneThatIsNamed) {
  Start({.most = seconds(30), .except = {kWait}});
  EXPECT_GE(TimeOf([this] {
              EXPECT_THAT(Wait({.timeout = hours(1)}), StatusIs(StatusCode::kDeadlineExceeded));
            }),
            hours(1));
}

TEST_F(DefaultDeadlineTest, LeavesNothingBehindOfACallThatHasEnded) {
  Start({.most = seconds(30)});
  EXPECT_THAT(server_->client().Unary("test.v1.Relay/Tell", {}, {.timeout = hours(1)}), IsOk());
  clock_.Advance(hours(1));
  EXPECT_THAT(server_->client().Unary("test.v1.Relay/Tell", {}, {.timeout = hours(1)}), IsOk());
}

}  // namespace
}  // namespace piperpc::testing
