#include "src/connection/message_batch.h"

#include <string>

#include "gtest/gtest.h"

namespace piperpc {
namespace {

std::string Text(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

TEST(MessageBatchTest, GivesMessagesInTheirOrder) {
  connection::MessageBatch batch;
  EXPECT_TRUE(batch.empty());
  batch.Add(std::string("first"));
  batch.Add(std::string("second"));
  EXPECT_EQ(Text(batch.Next()), "first");
  EXPECT_FALSE(batch.empty());
  EXPECT_EQ(Text(batch.Next()), "second");
  EXPECT_TRUE(batch.empty());
}

TEST(MessageBatchTest, AnEmptyMessageIsAMessage) {
  connection::MessageBatch batch;
  batch.Add({});
  batch.Add(std::string("x"));
  ASSERT_FALSE(batch.empty());
  EXPECT_EQ(Text(batch.Next()), "");
  EXPECT_EQ(Text(batch.Next()), "x");
}

TEST(MessageBatchTest, TakesMoreWhileSomeWait) {
  connection::MessageBatch batch;
  batch.Add(std::string("a"));
  EXPECT_EQ(Text(batch.Next()), "a");
  batch.Add(std::string("b"));
  EXPECT_EQ(Text(batch.Next()), "b");
}

TEST(MessageBatchTest, HoldsManyOfAllSizes) {
  constexpr std::size_t kCount = 2000;
  connection::MessageBatch batch;
  for (std::size_t size = 0; size < kCount; ++size) batch.Add(std::string(size, 'x'));
  for (std::size_t size = 0; size < kCount; ++size) {
    ASSERT_FALSE(batch.empty());
    EXPECT_EQ(Text(batch.Next()), std::string(size, 'x'));
  }
  EXPECT_TRUE(batch.empty());
  batch.Clear();
  batch.Add(std::string("after"));
  EXPECT_EQ(Text(batch.Next()), "after");
}

TEST(MessageBatchTest, ClearForgetsWhatWaits) {
  connection::MessageBatch batch;
  batch.Add(std::string("old"));
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  batch.Add(std::string("new"));
  EXPECT_EQ(Text(batch.Next()), "new");
}

}  // namespace
}  // namespace piperpc
