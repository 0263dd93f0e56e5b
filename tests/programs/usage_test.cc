#include "tools/piperpc/usage.h"

#include "gtest/gtest.h"

namespace piperpc::cli {
namespace {

constexpr Usage kNone = {"quit", "", "end it"};
constexpr Usage kOne = {"login", "NAME [--flag]", "log in", 1, 1};
constexpr Usage kMany = {"call", "METHOD [REQUEST...]", "call it", 1, kAnyNumber};

std::string Refused(const Usage& usage, const std::vector<std::string>& words) {
  const Outcome outcome = CheckWords(usage, words);
  EXPECT_EQ(outcome.exit_code(), kExitUsage);
  return outcome.message();
}

TEST(UsageTest, WordsThatFitAreTaken) {
  EXPECT_TRUE(CheckWords(kNone, {}).ok());
  EXPECT_TRUE(CheckWords(kOne, std::vector<std::string>{"ana"}).ok());
  EXPECT_TRUE(CheckWords(kMany, std::vector<std::string>{"a", "b", "c"}).ok());
}

TEST(UsageTest, OneTooManyIsNamedAndTheUsageShown) {
  EXPECT_EQ(Refused(kNone, {"now"}), "quit: unexpected argument \"now\"; usage: quit");
  EXPECT_EQ(Refused(kOne, {"ana", "extra", "more"}),
            "login: unexpected argument \"extra\"; usage: login NAME [--flag]");
}

TEST(UsageTest, OfTooFewTheUsageIsShown) {
  EXPECT_EQ(Refused(kMany, {}), "call: an argument is missing; usage: call METHOD [REQUEST...]");
}

TEST(UsageTest, SummariesOfTheHelpStandInOneColumn) {
  EXPECT_EQ(HelpLine("  ", kNone, 10), "  quit    end it");
  EXPECT_EQ(HelpLine("  ", kOne, 10), "  login NAME [--flag]\n          log in");
}

}  // namespace
}  // namespace piperpc::cli
