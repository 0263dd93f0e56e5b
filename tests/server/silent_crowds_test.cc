#include "src/server/silent_crowds.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>

#include "src/base/linked_queue.h"

namespace piperpc::server {
namespace {

class Silent : public base::QueueLink<Silent> {
 public:
  Silent(int number, char user) : number_(number), user_(user) {}
  int number() const { return number_; }
  char user() const { return user_; }

 private:
  const int number_;
  const char user_;
};

// Connections in the order in which they came; each letter is one of a user of that name.
class Crowds {
 public:
  explicit Crowds(const std::string& users) {
    for (const char user : users) {
      Silent& silent = all_.emplace_back(static_cast<int>(all_.size()), user);
      crowds_.Add(by_user_[user], silent);
    }
  }

  ~Crowds() {
    for (Silent& silent : all_) crowds_.Remove(by_user_[silent.user()], silent);
  }

  // Takes away the one that goes, and tells its number.
  int Next() {
    Silent& silent = crowds_.OldestOfLargest();
    crowds_.Remove(by_user_[silent.user()], silent);
    return silent.number();
  }

  // It has said Hello, or has ended. It may have gone before.
  void Leave(int number) {
    Silent& silent = all_[static_cast<std::size_t>(number)];
    crowds_.Remove(by_user_[silent.user()], silent);
  }

  std::size_t size() const { return crowds_.size(); }

 private:
  std::deque<Silent> all_;
  std::map<char, SilentCrowd<Silent>> by_user_;
  SilentCrowds<Silent> crowds_;
};

TEST(SilentCrowdsTest, OfOneUserTheOldestGoes) {
  EXPECT_EQ(Crowds("a").Next(), 0);
  EXPECT_EQ(Crowds("aaa").Next(), 0);
}

TEST(SilentCrowdsTest, ACrowdDoesNotMakeAnotherUsersConnectionGo) {
  EXPECT_EQ(Crowds("baaa").Next(), 1);
  EXPECT_EQ(Crowds("bbaaca").Next(), 2);
}

TEST(SilentCrowdsTest, OfCrowdsOfOneSizeTheEarlierOneGives) {
  EXPECT_EQ(Crowds("baab").Next(), 0);
  EXPECT_EQ(Crowds("caabb").Next(), 1);
}

TEST(SilentCrowdsTest, WhoLeavesIsNotChosen) {
  Crowds crowds("abab");
  crowds.Leave(0);
  EXPECT_EQ(crowds.Next(), 1);
  crowds.Leave(1);  // Has gone.
  EXPECT_EQ(crowds.Next(), 2);
  EXPECT_EQ(crowds.Next(), 3);
  EXPECT_EQ(crowds.size(), 0u);
}

}  // namespace
}  // namespace piperpc::server
