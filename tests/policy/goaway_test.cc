// What a server says that it has not looked at is sent again at once, on another connection; a
// policy goes on where that is given up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client_fixture.h"

namespace piperpc {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using wire::FrameKind;

constexpr int kSubmits = 5;  // So many connections in a row are tried without a policy.

ChannelOptions WithPolicy(int attempts) {
  return {.retry = {.policies = {{"",
                                  {.max_attempts = attempts,
                                   .initial_backoff = milliseconds(1),
                                   .max_backoff = milliseconds(1)}}}}};
}

class GoawayTest : public ClientTest {
 protected:
  explicit GoawayTest(ChannelOptions options = {}) : ClientTest(std::move(options)) {}
  ~GoawayTest() override { channel_.reset(); }

  // Takes a request, and says that it was not looked at.
  void TurnAway() {
    ScriptedConnection connection = server_.AcceptAndGreet();
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    connection.Goaway(absl::OkStatus(), id - 1);
  }
  void Serve() {
    ScriptedConnection connection = server_.AcceptAndGreet();
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "here");
    EXPECT_TRUE(served_.get_future().wait_for(kPatience) == std::future_status::ready);
  }
  CallOptions Counted() { return {.attempts = &attempts_}; }

  // Both forms do it: what is called for is how the call ended.
  template <typename Future>
  Text End(Future future) {
    Text reply = Get(future);
    served_.set_value();
    return reply;
  }

  int attempts_ = 0;
  std::promise<void> served_;
};

TEST_F(GoawayTest, WithoutAPolicyItIsGivenUpAfterSomeConnections) {
  auto call = CallAside("x", Counted());
  for (int i = 0; i < kSubmits; ++i) TurnAway();
  ExpectStatus(Get(call).status(), StatusCode::kUnavailable, "is going away");
  EXPECT_EQ(attempts_, 1);
}

class GoawayWithPolicyTest : public GoawayTest {
 protected:
  GoawayWithPolicyTest() : GoawayTest(WithPolicy(2)) {}
  ~GoawayWithPolicyTest() override { channel_.reset(); }
};

TEST_F(GoawayWithPolicyTest, OnOtherConnectionsItIsTheSameAttempt) {
  auto call = CallAside("x", Counted());
  TurnAway();
  auto server = std::async(std::launch::async, [this] { Serve(); });
  EXPECT_EQ(End(std::move(call)).value_or(""), "here");
  EXPECT_EQ(attempts_, 1);
}

TEST_F(GoawayWithPolicyTest, AMethodThatIsNotIdempotentIsTriedAgainLater) {
  auto call = CallAside("x", Counted());
  for (int i = 0; i < kSubmits; ++i) TurnAway();
  auto server = std::async(std::launch::async, [this] { Serve(); });
  EXPECT_EQ(End(std::move(call)).value_or(""), "here");
  EXPECT_EQ(attempts_, 2);
}

TEST_F(GoawayWithPolicyTest, SoIsOneWithACallback) {
  auto call = CallAsync("x", Counted());
  for (int i = 0; i < kSubmits; ++i) TurnAway();
  auto server = std::async(std::launch::async, [this] { Serve(); });
  EXPECT_EQ(End(std::move(call)).value_or(""), "here");
  EXPECT_EQ(attempts_, 2);
}

TEST_F(GoawayWithPolicyTest, ACallThatWasLookedAtIsNot) {
  auto call = CallAside("x", Counted());
  {
    ScriptedConnection connection = server_.AcceptAndGreet();
    const std::uint64_t id = connection.Expect(FrameKind::kRequest).call_id;
    connection.Goaway(absl::UnavailableError("enough"), id);
  }
  ExpectStatus(Get(call).status(), StatusCode::kUnavailable, "not idempotent");
  EXPECT_EQ(attempts_, 1);
}

}  // namespace
}  // namespace piperpc
