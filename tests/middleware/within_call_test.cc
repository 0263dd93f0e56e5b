#include "piperpc/within_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "middleware/relay.h"
#include "piperpc/testing/fake_server_context.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace piperpc::testing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::IsEmpty;

TEST(WithinCall, HasTheTimeThatIsLeft) {
  FakeServerContext context;
  context.set_deadline(context.executor().Now() + hours(1));
  const CallOptions options = WithinCall(context);
  ASSERT_TRUE(options.timeout.has_value());
  EXPECT_LE(*options.timeout, hours(1));
  EXPECT_GT(*options.timeout, milliseconds(0));
}

TEST(WithinCall, HasNoTimeoutWhereTheCallHasNone) {
  FakeServerContext context;
  const CallOptions options = WithinCall(context);
  EXPECT_FALSE(options.timeout.has_value());
  EXPECT_THAT(options.metadata, IsEmpty());
}

TEST(WithinCall, HasAMillisecondWhenTheDeadlineHasPassed) {
  FakeServerContext context;
  context.set_deadline(context.executor().Now() - hours(1));
  EXPECT_EQ(WithinCall(context).timeout, milliseconds(1));
}

TEST(WithinCall, IsCancelledWithTheCall) {
  FakeServerContext context;
  const CallOptions options = WithinCall(context);
  EXPECT_FALSE(options.stop.stop_requested());
  context.Cancel();
  EXPECT_TRUE(options.stop.stop_requested());
}

TEST(WithinCall, EndsACallThatAHandlerWaitsForAtItsOwnDeadline) {
  Relay second;
  InProcess<RawClient> other(second.service());
  Relay first;
  first.set_next(other.channel());
  InProcess<RawClient> relay(first.service());
  EXPECT_THAT(relay->Unary("test.v1.Relay/AskToWait", {}, {.timeout = milliseconds(50)}),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace piperpc::testing
