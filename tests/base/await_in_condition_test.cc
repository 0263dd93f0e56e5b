// Conditions that await, in coroutines that declare a variable around them: with any compiler they
// are what they should be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "piperpc/async.h"
#include "piperpc/task.h"

namespace piperpc {
namespace {

Task<bool> CountDown(int& left) { co_return --left > 0; }
Task<std::optional<int>> Next(int& left) {
  std::optional<int> next;
  if (left > 0) next = left--;
  co_return next;
}

Task<int> LoopBesideAVariable(int left) {
  int rounds = 1;
  while (co_await CountDown(left)) ++rounds;
  co_return rounds;
}

Task<void> LoopWithAVariable(int left, int& sum) {
  while (std::optional<int> next = co_await Next(left)) sum += *next;
}

TEST(AwaitInCondition, BesideAVariable) { EXPECT_EQ(SyncWait(LoopBesideAVariable(3)), 3); }

TEST(AwaitInCondition, OfAVariableOfItsOwn) {
  int sum = 0;
  SyncWait(LoopWithAVariable(3, sum));
  EXPECT_EQ(sum, 3 + 2 + 1);
}

}  // namespace
}  // namespace piperpc
