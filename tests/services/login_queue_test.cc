#include "services/auth/login_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "manual_executor.h"

namespace services {
namespace {

using Place = LoginQueue::Place;

piperpc::Task<bool> WaitUntilFirst(Place& place) {
  auto wait = place.is_first().Wait();
  const bool first = co_await wait;
  co_return first;
}

class LoginQueueTest : public ::testing::Test {
 protected:
  std::unique_ptr<Place> Join(const char* user = "ana", const char* peer = "uid:1") {
    return *queue_.Join(user, peer);
  }
  Running<bool> Wait(Place& place) { return Running<bool>(executor_, WaitUntilFirst(place)); }

  ManualExecutor executor_;
  LoginQueue queue_{3};
};

TEST_F(LoginQueueTest, OneIsTriedAtATimeInTheOrderInWhichTheyCame) {
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

TEST_F(LoginQueueTest, ALoginThatLeavesTheQueueHoldsUpNobody) {
  auto first = Join();
  auto second = Join();
  auto third = Join();
  second.reset();
  first.reset();
  EXPECT_TRUE(Wait(*third).done());
}

TEST_F(LoginQueueTest, OtherNamesAndOtherPeersHaveQueuesOfTheirOwn) {
  const auto first = Join();
  const auto other_name = Join("rui");
  const auto other_peer = Join("ana", "uid:2");
  EXPECT_TRUE(Wait(*other_name).done());
  EXPECT_TRUE(Wait(*other_peer).done());
}

TEST_F(LoginQueueTest, AFullQueueRefusesAndNamesItsLimit) {
  auto first = Join();
  const auto second = Join();
  const auto third = Join();
  const absl::Status refused = queue_.Join("ana", "uid:1").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("the limit is 3 (hash_queue)"));
  first.reset();
  EXPECT_TRUE(queue_.Join("ana", "uid:1").ok());
}

}  // namespace
}  // namespace services
