#include "tools/piperpc/failure.h"

#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace piperpc::cli {
namespace {

int ExitCodeOf(absl::Status status) { return Outcome(std::move(status)).exit_code(); }

TEST(FailureTest, CallsEndWithTheirCanonicalCode) {
  EXPECT_EQ(Outcome().exit_code(), 0);
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::CancelledError("")), 1);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), 3);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), 16);
}

TEST(FailureTest, ErrorsOfThisSideHaveTheirOwn) {
  EXPECT_EQ(UsageError("x").exit_code(), 64);
  EXPECT_EQ(IoError("x").exit_code(), 74);
  EXPECT_EQ(InterruptedError().exit_code(), 130);
  EXPECT_EQ(NoReaderError().exit_code(), 141);
}

TEST(FailureTest, NoPayloadOfAServerDecidesTheExitCode) {
  for (const char* value : {"0", "64", "", "no number", "99999999999999999999"}) {
    for (const char* type : {"piperpc.local/exit_code", "type.googleapis.com/exit_code"}) {
      absl::Status status = absl::PermissionDeniedError("no");
      status.SetPayload(type, absl::Cord(value));
      EXPECT_EQ(ExitCodeOf(status), 7) << type << " = " << value;
      EXPECT_EQ(Outcome(status).After("line 1: ").exit_code(), 7);
    }
  }
}

TEST(FailureTest, ACodeThatNobodyKnowsIsUnknown) {
  EXPECT_EQ(ExitCodeOf(absl::Status(static_cast<absl::StatusCode>(256), "x")), 2);
  EXPECT_EQ(ExitCodeOf(absl::Status(static_cast<absl::StatusCode>(64), "x")), 2);
}

TEST(FailureTest, TheTextOfACallHasTheCanonicalName) {
  EXPECT_EQ(Outcome(absl::NotFoundError("no such thing")).Describe(), "NOT_FOUND: no such thing");
}

TEST(FailureTest, ErrorsOfThisSideDoNotLookLikeThoseOfACall) {
  EXPECT_EQ(UsageError("x").Describe(), "x");
  EXPECT_EQ(UsageError("x").After("line 2: ").Describe(), "line 2: x");
  EXPECT_FALSE(UsageError("x").Is(absl::StatusCode::kUnknown));
}

TEST(FailureTest, DetailsFollowEachOnItsLine) {
  absl::Status status = absl::AbortedError("x");
  status.SetPayload("type.googleapis.com/a.B", absl::Cord(std::string("\x08\x01", 2)));
  EXPECT_EQ(Outcome(status).Describe(), "ABORTED: x\n  detail a.B: \\x08\\x01");
}

TEST(FailureTest, NothingOfAStatusSteersATerminal) {
  absl::Status status = absl::AbortedError("a\x1b[2J\npiperpc: done\r");
  status.SetPayload("evil\x1b]0;t\x07\nline", absl::Cord("\x1b[0m"));
  EXPECT_EQ(Outcome(status).Describe(),
            "ABORTED: a\\x1b[2J\\npiperpc: done\\r\n"
            "  detail evil\\x1b]0;t\\x07\\nline: \\x1b[0m");
}

}  // namespace
}  // namespace piperpc::cli
