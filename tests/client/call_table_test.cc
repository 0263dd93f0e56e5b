// The table of calls: it looks at no call, so these are none.
#include "src/client/call_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace piperpc::client {
namespace {

class CallTableTest : public ::testing::Test {
 protected:
  Call* CallOf(std::uint64_t id) { return reinterpret_cast<Call*>(&places_[id]); }

  std::vector<std::uint64_t> places_ = std::vector<std::uint64_t>(10'000);
  CallTable table_;
};

TEST_F(CallTableTest, KnowsWhatIsInIt) {
  table_.Add(1, CallOf(1));
  table_.Add(2, nullptr);
  EXPECT_EQ(table_.Find(1).call, CallOf(1));
  EXPECT_TRUE(table_.Find(2).known);
  EXPECT_EQ(table_.Find(2).call, nullptr);
  EXPECT_FALSE(table_.Find(3).known);
  EXPECT_EQ(table_.size(), 2u);
  EXPECT_THAT(table_.Live(), ::testing::ElementsAre(CallOf(1)));
  table_.Erase(1);
  EXPECT_FALSE(table_.Find(1).known);
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(CallTableTest, LongCallsStayWhileThousandsOfOthersComeAndGo) {
  const std::vector<std::uint64_t> lasting = {1, 2, 700, 1'300};
  std::vector<Call*> calls;
  for (std::uint64_t id = 1; id < places_.size(); ++id) {
    table_.Add(id, CallOf(id));
    if (std::find(lasting.begin(), lasting.end(), id) != lasting.end()) {
      calls.push_back(CallOf(id));
    } else {
      table_.Erase(id);
    }
  }
  EXPECT_EQ(table_.size(), lasting.size());
  EXPECT_THAT(table_.Live(), ::testing::UnorderedElementsAreArray(calls));
  for (const std::uint64_t id : lasting) {
    EXPECT_EQ(table_.Find(id).call, CallOf(id));
    table_.Erase(id);
    EXPECT_FALSE(table_.Find(id).known);
  }
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(CallTableTest, AnOldCallThatHasEndedHereIsKnownBesideTheLatest) {
  for (std::uint64_t id = 1; id < places_.size(); ++id) table_.Add(id, CallOf(id));
  table_.Erase(1);
  table_.Add(1, nullptr);
  for (std::uint64_t id = 2; id < places_.size(); ++id) {
    ASSERT_EQ(table_.Find(id).call, CallOf(id));
  }
  EXPECT_TRUE(table_.Find(1).known);
  EXPECT_EQ(table_.Find(1).call, nullptr);
  EXPECT_EQ(table_.size(), places_.size() - 1);
}

}  // namespace
}  // namespace piperpc::client
