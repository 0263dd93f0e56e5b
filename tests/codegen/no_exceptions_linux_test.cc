// What ends a process that is compiled without exceptions; death tests were not tried under Wine.
#include <gtest/gtest.h>

#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/task.h"

namespace piperpc {
namespace {

Task<absl::StatusOr<int>> OkWithoutAValue() { co_return absl::OkStatus(); }

TEST(NoExceptionsDeathTest, OkStatusInsteadOfAValueEndsTheProcessAndSaysSo) {
  EXPECT_DEATH(static_cast<void>(SyncWait(OkWithoutAValue())),
               "co_return of an OK status instead of a value");
}

}  // namespace
}  // namespace piperpc
