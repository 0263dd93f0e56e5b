#include "src/client/fifo.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace piperpc::client {
namespace {

using Items = std::deque<int>;

Items ItemsOf(const Fifo<int>& fifo) { return {fifo.begin(), fifo.end()}; }

TEST(FifoTest, GivesWhatItWasGivenInOrder) {
  Fifo<int> fifo;
  EXPECT_TRUE(fifo.empty());
  fifo.push_back(1);
  fifo.push_back(2);
  fifo.push_back(3);
  EXPECT_EQ(ItemsOf(fifo), (Items{1, 2, 3}));
  EXPECT_EQ(fifo.front(), 1);
  EXPECT_EQ(fifo.Pop(), 1);
  EXPECT_EQ(ItemsOf(fifo), (Items{2, 3}));
  EXPECT_EQ(fifo.Pop(), 2);
  EXPECT_EQ(fifo.Pop(), 3);
  EXPECT_TRUE(fifo.empty());
}

TEST(FifoTest, RemovesFromItsMiddle) {
  Fifo<int> fifo;
  for (const int item : {0, 1, 2, 1, 3}) fifo.push_back(item);
  EXPECT_EQ(fifo.Pop(), 0);
  fifo.Remove(1);
  fifo.Remove(7);
  EXPECT_EQ(ItemsOf(fifo), (Items{2, 1, 3}));
}

TEST(FifoTest, KeepsItsOrderWhileItIsNeverEmpty) {
  Fifo<int> fifo;
  Items expected;
  for (int i = 0; i < 1000; ++i) {
    for (int more = i % 4; more > 0; --more) {
      fifo.push_back(i);
      expected.push_back(i);
    }
    if (expected.size() < 2) continue;
    ASSERT_EQ(fifo.Pop(), expected.front());
    expected.pop_front();
    ASSERT_EQ(ItemsOf(fifo), expected);
  }
}

TEST(FifoTest, KeepsNothingOfWhatWasTaken) {
  Fifo<std::shared_ptr<int>> fifo;
  const auto item = std::make_shared<int>(1);
  fifo.push_back(item);
  fifo.push_back(nullptr);
  fifo.push_back(nullptr);
  fifo.Pop();
  EXPECT_EQ(item.use_count(), 1);
}

}  // namespace
}  // namespace piperpc::client
