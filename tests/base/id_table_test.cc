#include "src/base/id_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <vector>

namespace piperpc {
namespace {

class Item : public base::IdTableLink<Item> {
 public:
  explicit Item(std::uint64_t id) : id_(id) {}
  std::uint64_t id() const { return id_; }

 private:
  const std::uint64_t id_;
};

TEST(IdTableTest, AnEmptyOneFindsNothing) {
  const base::IdTable<Item> table;
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.Find(1), nullptr);
  table.ForEach([](Item&) { ADD_FAILURE(); });
}

TEST(IdTableTest, FindsWhatIsInIt) {
  std::deque<Item> items;
  base::IdTable<Item> table;
  for (std::uint64_t id = 1; id <= 1000; ++id) table.Add(items.emplace_back(3 * id));
  EXPECT_EQ(table.size(), 1000u);
  for (Item& item : items) EXPECT_EQ(table.Find(item.id()), &item);
  EXPECT_EQ(table.Find(1), nullptr);
  EXPECT_EQ(table.Find(3003), nullptr);
}

// Ids of one place in the table.
TEST(IdTableTest, RemovesTheFirstTheLastAndOneInTheMiddle) {
  std::deque<Item> items;
  base::IdTable<Item> table;
  for (std::uint64_t id = 0; id < 5; ++id) table.Add(items.emplace_back(8 * id));
  for (const std::size_t gone : {4u, 0u, 2u}) {
    table.Remove(items[gone]);
    EXPECT_EQ(table.Find(items[gone].id()), nullptr);
  }
  std::vector<std::uint64_t> left;
  table.ForEach([&left](Item& item) { left.push_back(item.id()); });
  EXPECT_THAT(left, ::testing::UnorderedElementsAre(8, 24));
  EXPECT_EQ(table.size(), 2u);
  left.clear();
  table.Empty([&left](Item& item) { left.push_back(item.id()); });
  EXPECT_THAT(left, ::testing::UnorderedElementsAre(8, 24));
  EXPECT_TRUE(table.empty());
}

TEST(IdTableTest, TakesBackWhatHasLeft) {
  Item item(7);
  base::IdTable<Item> table;
  for (int i = 0; i < 3; ++i) {
    table.Add(item);
    EXPECT_EQ(table.Find(7), &item);
    table.Remove(item);
    EXPECT_TRUE(table.empty());
  }
}

}  // namespace
}  // namespace piperpc
