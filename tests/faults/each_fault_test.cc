// Faults are met one by one, and one that has failed can be run alone.
#include "support/each_fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <vector>

namespace piperpc::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EachFaultTest, RunsStepsUntilThereAreNoMore) {
  std::vector<std::size_t> steps;
  FaultChoice all(std::nullopt);
  const std::size_t count = all.ForEachStep("send", [&](std::size_t number) {
    steps.push_back(number);
    return number < 3;
  });
  EXPECT_THAT(steps, ElementsAre(1, 2, 3));
  EXPECT_EQ(count, 3u);
}

TEST(EachFaultTest, RunsOneAloneWhereItIsAskedFor) {
  std::vector<std::size_t> steps;
  const auto run = [&steps](std::size_t number) {
    steps.push_back(number);
    return true;
  };
  FaultChoice one(FaultStep{"send", 7});
  EXPECT_EQ(one.ForEachStep("receive", run), 0u);
  EXPECT_FALSE(one.was_run());
  EXPECT_EQ(one.ForEachStep("send", run), 1u);
  EXPECT_TRUE(one.was_run());
  EXPECT_THAT(steps, ElementsAre(7));
}

// What the steps of `choice` that are failures say.
std::vector<std::string> FailuresOf(FaultChoice& choice, std::size_t failing) {
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter catching(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    choice.ForEachStep("a pipe's send, full", [&](std::size_t number) {
      EXPECT_NE(number, failing);
      return number < 5;
    });
  }
  std::vector<std::string> texts;
  for (int i = 0; i < failures.size(); ++i) {
    texts.emplace_back(failures.GetTestPartResult(i).message());
  }
  return texts;
}

// The text between `before` and `after`.
std::string Between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before) + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

TEST(EachFaultTest, AFailureSaysTheCommandThatRunsItAlone) {
  FaultChoice all(std::nullopt);
  const std::vector<std::string> failures = FailuresOf(all, 3);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_THAT(failures[0],
              HasSubstr(PIPERPC_TEST_PROGRAM " --gtest_filter='EachFaultTest."
                                             "AFailureSaysTheCommandThatRunsItAlone'"));
  // As a shell reads it.
  const std::string asked = absl::StrReplaceAll(
      Between(failures[0], "PIPERPC_TEST_FAULT='", "' " PIPERPC_TEST_PROGRAM), {{"'\\''", "'"}});
  FaultChoice one(FaultStep::Parse(asked));
  ASSERT_FALSE(one.all()) << asked;
  EXPECT_EQ(FailuresOf(one, 3).size(), 1u);
  EXPECT_TRUE(FailuresOf(one, 2).empty());
}

TEST(EachFaultTest, WhatIsNoStepIsNotTakenForOne) {
  for (const char* text : {"", "send", "send, number ", "send, number 0", "send, number -1",
                           "send, number 1x", "number 1"}) {
    EXPECT_FALSE(FaultStep::Parse(text).has_value()) << text;
  }
  const auto step = FaultStep::Parse("Unary, send of the client, UNAVAILABLE, number 12");
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step->fault, "Unary, send of the client, UNAVAILABLE");
  EXPECT_EQ(step->number, 12u);
}

}  // namespace
}  // namespace piperpc::testing
