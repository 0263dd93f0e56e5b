// Conditions that await, in coroutines that declare no variable around them. g++ 12 miscompiles
// those: it must not come to what they would do. Death tests were not tried under Wine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

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

// What a right one says, and the end of a process with a coroutine that is miscompiled.
constexpr char kRightOrTheEnd[] = "right|awaits in the condition of an `if` or of a loop";

bool EndedOrAborted(int status) {
  return ::testing::ExitedWithCode(0)(status) || ::testing::KilledBySignal(SIGABRT)(status);
}

[[noreturn]] void Say(bool right) {
  std::fputs(right ? "right" : "wrong", stderr);
  std::_Exit(0);
}

[[noreturn]] void CountDownBy(Task<void> (*task)(int&)) {
  int left = 3;
  SyncWait(task(left));
  Say(left == 0);
}

void ExpectZeroOrTheEnd(Task<void> (*task)(int&)) {
  EXPECT_EXIT(CountDownBy(task), EndedOrAborted, kRightOrTheEnd);
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

[[noreturn]] void BeginToYield() {
  int left = 3;
  static_cast<void>(Yield(left));
  Say(left == 3);
}

TEST(BareConditionDeathTest, InAStream) {
  EXPECT_EXIT(BeginToYield(), EndedOrAborted, kRightOrTheEnd);
}

}  // namespace
}  // namespace piperpc
