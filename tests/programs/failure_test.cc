#include "tools/piperpc/failure.h"

#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace piperpc::cli {
namespace {

TEST(FailureTest, CallsEndWithTheirCanonicalCode) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::CancelledError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), 16);
}

TEST(FailureTest, ErrorsOfThisSideHaveTheirOwn) {
  EXPECT_EQ(ExitCodeOf(UsageError("x")), 64);
  EXPECT_EQ(ExitCodeOf(AsUsageError(absl::InvalidArgumentError("x"))), 64);
  EXPECT_EQ(ExitCodeOf(AsUsageError(absl::OkStatus())), 0);
  EXPECT_EQ(ExitCodeOf(IoError("x")), 74);
  EXPECT_EQ(ExitCodeOf(NoReaderError()), 141);
}

TEST(FailureTest, TheTextHasTheCanonicalName) {
  EXPECT_EQ(Describe(absl::NotFoundError("no such thing")), "NOT_FOUND: no such thing");
  EXPECT_EQ(Describe(UsageError("x")), "INVALID_ARGUMENT: x");
}

TEST(FailureTest, DetailsFollowEachOnItsLine) {
  absl::Status status = absl::AbortedError("x");
  status.SetPayload("type.googleapis.com/a.B", absl::Cord(std::string("\x08\x01", 2)));
  EXPECT_EQ(Describe(status), "ABORTED: x\n  detail a.B: \\x08\\x01");
}

}  // namespace
}  // namespace piperpc::cli
