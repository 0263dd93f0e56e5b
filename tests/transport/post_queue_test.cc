// Posted work, and the wait that it ends.
#include "src/transport/loop/post_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

namespace piperpc::transport {
namespace {

class PostQueueTest : public ::testing::Test {
 protected:
  void Push(int number, bool in_loop = false) {
    queue_.Push([this, number] { ran_.push_back(number); }, in_loop);
  }

  int wakes_ = 0;
  std::vector<int> ran_;
  PostQueue queue_{[this] { ++wakes_; }};
};

TEST_F(PostQueueTest, TheFirstPushEndsAWait) {
  ASSERT_TRUE(queue_.BeginWait());
  Push(1);
  Push(2);
  EXPECT_EQ(wakes_, 1);
  EXPECT_FALSE(queue_.RunAll());
  EXPECT_EQ(ran_, (std::vector<int>{1, 2}));
}

TEST_F(PostQueueTest, EachWaitIsEndedAnew) {
  for (int wait = 1; wait <= 3; ++wait) {
    ASSERT_TRUE(queue_.BeginWait());
    Push(wait);
    EXPECT_EQ(wakes_, wait);
    queue_.RunAll();
  }
}

TEST_F(PostQueueTest, ALoopThatDoesNotWaitIsNotWoken) {
  Push(1);
  ASSERT_FALSE(queue_.BeginWait());
  queue_.RunAll();
  ASSERT_TRUE(queue_.BeginWait());
  queue_.RunAll();
  Push(2);
  EXPECT_EQ(wakes_, 0);
}

TEST_F(PostQueueTest, TheLoopDoesNotWakeItself) {
  ASSERT_TRUE(queue_.BeginWait());
  Push(1, true);
  EXPECT_EQ(wakes_, 0);
  queue_.RunAll();
  EXPECT_EQ(ran_, std::vector<int>{1});
}

TEST_F(PostQueueTest, WorkThatIsPushedMeanwhileIsForTheNextTime) {
  queue_.Push([this] { Push(1, true); }, false);
  queue_.RunAll();
  EXPECT_TRUE(ran_.empty());
  EXPECT_FALSE(queue_.BeginWait());
  queue_.RunAll();
  EXPECT_EQ(ran_, std::vector<int>{1});
}

TEST_F(PostQueueTest, AStopEndsAWaitAndIsToldOnce) {
  ASSERT_TRUE(queue_.BeginWait());
  Push(1);
  queue_.Stop();
  EXPECT_EQ(wakes_, 1);
  EXPECT_TRUE(queue_.RunAll());
  EXPECT_EQ(ran_, std::vector<int>{1});
  EXPECT_FALSE(queue_.RunAll());
}

// A loop that sleeps with work in the queue would sleep for ever.
TEST(PostQueueThreadsTest, NoWorkOfOtherThreadsIsMissed) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  int ran = 0;
  std::binary_semaphore woken(0);
  PostQueue queue([&woken] { woken.release(); });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) queue.Push([&ran] { ++ran; }, false);
    });
  }
  while (ran < kThreads * kEach) {
    if (queue.BeginWait()) woken.acquire();
    queue.RunAll();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
}

// The one who stops a loop may still be inside of Stop() when the loop sees it. For sanitizers.
TEST(PostQueueThreadsTest, ALoopThatSeesItsStopMayGoAtOnce) {
  constexpr int kLoops = 500;
  for (int i = 0; i < kLoops; ++i) {
    std::binary_semaphore woken(0);
    auto queue = std::make_unique<PostQueue>([&woken] { woken.release(); });
    std::thread stopper([target = queue.get()] { target->Stop(); });
    bool last = false;
    while (!last) {
      if (queue->BeginWait()) woken.acquire();
      last = queue->RunAll();
    }
    queue.reset();
    stopper.join();
  }
}

}  // namespace
}  // namespace piperpc::transport
