#include "src/connection/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace piperpc {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

class MemoryBudgets : public testing::Test {
 protected:
  std::string WhyFull(const connection::MemoryShare& share, std::size_t bytes) {
    return share.LimitInTheWay(bytes);
  }

  connection::MemoryBudget server_{4 * kMiB, "of the server"};
  connection::MemoryBudget user_{3 * kMiB, "of the user", &server_};
  connection::MemoryShare share_{2 * kMiB, "of the connection", user_};
};

TEST_F(MemoryBudgets, AConnectionHasNoMoreThanItsShare) {
  EXPECT_TRUE(share_.Take(2 * kMiB));
  EXPECT_FALSE(share_.Take(1));
  EXPECT_THAT(WhyFull(share_, 1), HasSubstr("2097152 bytes (of the connection)"));
  share_.Give(1);
  EXPECT_TRUE(share_.Take(1));
}

TEST_F(MemoryBudgets, ConnectionsOfAUserHaveNoMoreThanItsShare) {
  connection::MemoryShare second(2 * kMiB, "of the connection", user_);
  EXPECT_TRUE(share_.Take(2 * kMiB));
  EXPECT_TRUE(second.Take(kMiB));
  EXPECT_FALSE(second.Take(kMiB));
  EXPECT_THAT(WhyFull(second, kMiB), HasSubstr("3145728 bytes (of the user)"));
}

TEST_F(MemoryBudgets, UsersHaveNoMoreThanTheServer) {
  connection::MemoryBudget other_user(3 * kMiB, "of the user", &server_);
  connection::MemoryShare others(2 * kMiB, "of the connection", other_user);
  connection::MemoryShare second(kMiB, "of the connection", user_);
  EXPECT_TRUE(share_.Take(2 * kMiB));
  EXPECT_TRUE(second.Take(kMiB));
  EXPECT_TRUE(others.Take(kMiB));
  EXPECT_FALSE(others.Take(kMiB));
  EXPECT_THAT(WhyFull(others, kMiB), HasSubstr("4194304 bytes (of the server)"));
  share_.Give(2 * kMiB);
  EXPECT_TRUE(others.Take(kMiB));
}

TEST_F(MemoryBudgets, AllIsGivenBackByThatWhichGoesAway) {
  for (int i = 0; i < 10; ++i) {
    connection::MemoryShare share(2 * kMiB, "of the connection", user_);
    ASSERT_TRUE(share.Take(2 * kMiB));
    share.Give(i);
  }
  EXPECT_TRUE(user_.Take(3 * kMiB));
}

TEST_F(MemoryBudgets, AConnectionThatHoldsLittleTakesNothingFromTheBudget) {
  EXPECT_TRUE(share_.Take(kMiB));
  share_.Give(kMiB - kKiB);
  EXPECT_TRUE(user_.Take(3 * kMiB));
  EXPECT_TRUE(share_.Take(kKiB));
  EXPECT_FALSE(share_.Take(64 * kKiB));
}

TEST_F(MemoryBudgets, WhatIsTakenAndGivenInAnyOrderAddsUp) {
  for (std::size_t i = 1; i < 400; ++i) ASSERT_TRUE(share_.Take(i * 13));
  for (std::size_t i = 399; i > 0; --i) share_.Give(i * 13);
  EXPECT_EQ(share_.used(), 0u);
  EXPECT_TRUE(user_.Take(3 * kMiB));
}

}  // namespace
}  // namespace piperpc
