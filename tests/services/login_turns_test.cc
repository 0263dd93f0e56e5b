#include "services/auth/login_turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "manual_executor.h"

namespace services {
namespace {

using Turn = LoginTurns::Turn;

piperpc::Task<bool> WaitUntilFirst(Turn& turn) {
  auto wait = turn.is_first().Wait();
  const bool first = co_await wait;
  co_return first;
}

class LoginTurnsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Turn> Join(const char* user = "ana", const char* peer = "uid:1") {
    return *turns_.Join(user, peer);
  }
  Running<bool> Wait(Turn& turn) { return Running<bool>(executor_, WaitUntilFirst(turn)); }

  ManualExecutor executor_;
  LoginTurns turns_{3};
};

TEST_F(LoginTurnsTest, OneIsTriedAtATimeInTheOrderInWhichTheyCame) {
  auto first = Join();
  auto second = Join();
  auto third = Join();
  auto second_wait = Wait(*second);
  auto third_wait = Wait(*third);
  EXPECT_TRUE(Wait(*first).done());
  executor_.RunReady();
  EXPECT_FALSE(second_wait.done());
  first.reset();
  executor_.RunReady();
  EXPECT_TRUE(second_wait.done());
  EXPECT_FALSE(third_wait.done());
  second.reset();
  executor_.RunReady();
  EXPECT_TRUE(third_wait.done());
}

TEST_F(LoginTurnsTest, WhoLeavesTheLineHoldsNobodyUp) {
  auto first = Join();
  auto second = Join();
  auto third = Join();
  second.reset();
  first.reset();
  EXPECT_TRUE(Wait(*third).done());
}

TEST_F(LoginTurnsTest, OtherNamesAndOtherPeersHaveLinesOfTheirOwn) {
  const auto first = Join();
  const auto other_name = Join("rui");
  const auto other_peer = Join("ana", "uid:2");
  EXPECT_TRUE(Wait(*other_name).done());
  EXPECT_TRUE(Wait(*other_peer).done());
}

TEST_F(LoginTurnsTest, ALineThatIsFullRefusesAndNamesItsLimit) {
  auto first = Join();
  const auto second = Join();
  const auto third = Join();
  const absl::Status refused = turns_.Join("ana", "uid:1").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("the limit is 3"));
  first.reset();
  EXPECT_TRUE(turns_.Join("ana", "uid:1").ok());
}

}  // namespace
}  // namespace services
