#include "src/base/linked_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace piperpc {
namespace {

struct Item : base::QueueLink<Item> {
  int number = 0;
};

class LinkedQueueTest : public testing::Test {
 protected:
  LinkedQueueTest() {
    for (std::size_t i = 0; i < items_.size(); ++i) items_[i].number = static_cast<int>(i);
  }

  void Fill() {
    for (Item& item : items_) queue_.push_back(item);
  }
  std::vector<int> Numbers() const {
    std::vector<int> numbers;
    queue_.ForEach([&numbers](Item& item) { numbers.push_back(item.number); });
    return numbers;
  }

  using Is = std::vector<int>;
  std::array<Item, 4> items_;
  base::LinkedQueue<Item> queue_;
};

TEST_F(LinkedQueueTest, GivesWhatItWasGivenInOrder) {
  EXPECT_TRUE(queue_.empty());
  Fill();
  EXPECT_EQ(Numbers(), (Is{0, 1, 2, 3}));
  EXPECT_EQ(queue_.front().number, 0);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(queue_.Pop().number, i);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(LinkedQueueTest, LetsAnybodyLeave) {
  Fill();
  queue_.Remove(items_[1]);
  EXPECT_EQ(Numbers(), (Is{0, 2, 3}));
  queue_.Remove(items_[3]);
  EXPECT_EQ(Numbers(), (Is{0, 2}));
  queue_.Remove(items_[0]);
  EXPECT_EQ(Numbers(), (Is{2}));
  queue_.Remove(items_[2]);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(LinkedQueueTest, TakesBackWhoHasLeft) {
  Fill();
  for (const std::size_t i : {3u, 0u, 2u}) {
    queue_.Remove(items_[i]);
    queue_.push_back(items_[i]);
  }
  EXPECT_EQ(Numbers(), (Is{1, 3, 0, 2}));
}

TEST_F(LinkedQueueTest, KnowsWhoIsInIt) {
  EXPECT_FALSE(queue_.Contains(items_[0]));
  queue_.push_back(items_[0]);
  EXPECT_TRUE(queue_.Contains(items_[0]));
  queue_.push_back(items_[1]);
  EXPECT_TRUE(queue_.Contains(items_[0]));
  EXPECT_TRUE(queue_.Contains(items_[1]));
  queue_.Remove(items_[0]);
  EXPECT_FALSE(queue_.Contains(items_[0]));
  EXPECT_TRUE(queue_.Contains(items_[1]));
}

}  // namespace
}  // namespace piperpc
