#include "services/auth/hash_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/eventually.h"

namespace services {
namespace {

using piperpc::testing::Arrives;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HashQueueTest : public ::testing::Test {
 protected:
  // One thread, which is held until `go_on_` is set, and room for eight more.
  HashQueueTest() {
    EXPECT_TRUE(queue_
                    .Run("uid:0",
                         [this] {
                           begun_.set_value();
                           let_go_.wait();
                         })
                    .ok());
    EXPECT_TRUE(Arrives(begun_.get_future()));
  }

  absl::Status Add(const std::string& user, const std::string& name) {
    return queue_.Run(user, [this, name] {
      std::lock_guard lock(mutex_);
      ran_.push_back(name);
    });
  }

  int Fill(const std::string& user) {
    int taken = 0;
    while (taken < 100 && Add(user, user).ok()) ++taken;
    return taken;
  }

  void Finish(const std::string& last_user = "uid:last") {
    go_on_.set_value();
    std::promise<void> last;
    EXPECT_TRUE(queue_.Run(last_user, [&last] { last.set_value(); }).ok());
    ASSERT_TRUE(Arrives(last.get_future()));
  }

  std::promise<void> begun_;
  std::promise<void> go_on_;
  std::shared_future<void> let_go_ = go_on_.get_future();
  std::mutex mutex_;
  std::vector<std::string> ran_;
  HashQueue queue_{1, 8};
};

TEST_F(HashQueueTest, NoUserCanFillItForTheOthers) {
  EXPECT_EQ(Fill("uid:1"), 4);  // Of nine places one runs; four of the other eight.
  EXPECT_EQ(Fill("uid:2"), 2);
  EXPECT_TRUE(Add("uid:3", "c").ok());
  const absl::Status refused = Add("uid:1", "one more");
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("1 of 8 places in the queue (hash_queue) are free"));
  go_on_.set_value();
}

TEST_F(HashQueueTest, UsersAreServedRoundRobin) {
  for (const char* name : {"a1", "a2", "a3"}) ASSERT_TRUE(Add("uid:1", name).ok());
  ASSERT_TRUE(Add("uid:2", "b1").ok());
  Finish("uid:1");
  std::lock_guard lock(mutex_);
  EXPECT_THAT(ran_, ElementsAre("a1", "b1", "a2", "a3"));
}

TEST_F(HashQueueTest, APlaceIsFreeAgainWhenItsWorkHasRun) {
  ASSERT_EQ(Fill("uid:1"), 4);
  Finish();
  EXPECT_TRUE(Add("uid:1", "a").ok());
}

TEST_F(HashQueueTest, APlaceIsFreeAgainWhenItsWorkHasThrown) {
  go_on_.set_value();
  for (int i = 0; i < 20; ++i) {  // More than there are places.
    ASSERT_TRUE(queue_.Run("uid:1", [] { throw std::runtime_error("of the work"); }).ok());
    std::promise<void> next;
    ASSERT_TRUE(queue_.Run("uid:1", [&next] { next.set_value(); }).ok());
    ASSERT_TRUE(Arrives(next.get_future()));
  }
}

TEST(HashQueue, TakesAnyNumberOfThoseThatMayWait) {
  HashQueue queue(2, std::numeric_limits<std::size_t>::max());
  EXPECT_TRUE(queue.Run("uid:1", [] {}).ok());
  EXPECT_TRUE(queue.Run("uid:1", [] {}).ok());
}

TEST(HashQueue, WithoutRoomForWaitingRunsWhatItHasThreadsFor) {
  HashQueue queue(1, 0);
  std::promise<void> done;
  EXPECT_TRUE(queue.Run("uid:1", [&done] { done.set_value(); }).ok());
  EXPECT_TRUE(Arrives(done.get_future()));
}

}  // namespace
}  // namespace services
