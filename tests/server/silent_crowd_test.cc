#include "src/server/silent_crowd.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "src/base/linked_queue.h"

namespace piperpc::server {
namespace {

struct Silent : base::QueueLink<Silent> {
  Silent(int its_number, std::string its_user) : number(its_number), user(std::move(its_user)) {}
  const int number;
  const std::string user;
};

// The number of the one that goes; each letter is a connection of a user of that name, oldest
// first.
int Goes(const std::string& users) {
  std::deque<Silent> all;
  base::LinkedQueue<Silent> queue;
  for (const char user : users) {
    queue.push_back(all.emplace_back(static_cast<int>(all.size()), std::string(1, user)));
  }
  const int number =
      OldestOfLargestCrowd(queue, [](const Silent& each) { return each.user; })->number;
  while (!queue.empty()) queue.Pop();
  return number;
}

TEST(SilentCrowdTest, OfOneUserTheOldestGoes) {
  EXPECT_EQ(Goes("a"), 0);
  EXPECT_EQ(Goes("aaa"), 0);
}

TEST(SilentCrowdTest, ACrowdDoesNotMakeAnotherUsersConnectionGo) {
  EXPECT_EQ(Goes("baaa"), 1);
  EXPECT_EQ(Goes("bbaaca"), 2);
}

TEST(SilentCrowdTest, OfCrowdsOfOneSizeTheEarlierOneGives) {
  EXPECT_EQ(Goes("baab"), 0);
  EXPECT_EQ(Goes("caabb"), 1);
}

}  // namespace
}  // namespace piperpc::server
