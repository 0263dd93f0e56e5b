// Conditions that await, in coroutines that declare no variable around them. g++ 12 miscompiles
// those: it must not come to what they would do. Death tests were not tried under Wine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "piperpc/async.h"
#include "piperpc/raw_message.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"

namespace piperpc {
namespace {

Task<bool> CountDown(int& left) { co_return --left > 0; }

Task<void> While(int& left) {
  while (co_await CountDown(left)) continue;
}

Task<void> For(int& left) {
  for (; co_await CountDown(left);) continue;
}

Task<void> DoWhile(int& left) {
  do {
  } while (co_await CountDown(left));
}

Task<void> If(int& left) {
  if (co_await CountDown(left)) left = 0;
}

Task<void> IfInABlock(int& left) {
  for (;;) {
    if (!co_await CountDown(left)) co_return;
  }
}

void Wait(Task<void> (*task)(int&), int& left) { SyncWait(task(left)); }

void ExpectZeroOrTheEnd(Task<void> (*task)(int&)) {
  int left = 3;
#if PIPERPC_GXX_12
  EXPECT_DEATH(Wait(task, left), "awaits in the condition of an `if` or of a loop");
#else
  Wait(task, left);
  EXPECT_EQ(left, 0);
#endif
}

// Each is right, or ends the process.
TEST(BareConditionDeathTest, OfWhile) { ExpectZeroOrTheEnd(While); }
TEST(BareConditionDeathTest, OfFor) { ExpectZeroOrTheEnd(For); }
TEST(BareConditionDeathTest, OfDoWhile) { ExpectZeroOrTheEnd(DoWhile); }
TEST(BareConditionDeathTest, OfIf) { ExpectZeroOrTheEnd(If); }
TEST(BareConditionDeathTest, OfIfInABlock) { ExpectZeroOrTheEnd(IfInABlock); }

Stream<RawMessage> Yield(int& left) {
  while (co_await CountDown(left)) co_yield RawMessage();
}

TEST(BareConditionDeathTest, InAStream) {
  int left = 3;
#if PIPERPC_GXX_12
  EXPECT_DEATH(static_cast<void>(Yield(left)), "awaits in the condition");
#else
  static_cast<void>(Yield(left));
#endif
}

}  // namespace
}  // namespace piperpc
