#include "src/client/retry_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "piperpc/channel.h"
#include "src/client/jitter.h"
#include "src/client/retry_budget.h"

namespace piperpc::client {
namespace {

using internal::ClientMethod;
using internal::RetryRule;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr RetryRule kOfProto{7, 10, 100, 1u << 14};

RetryPolicy Attempts(int most) { return {.max_attempts = most}; }

ClientMethod MethodOf(std::string_view name, const RetryRule* rule = nullptr) {
  return {.name = name, .type = MethodType::kUnary, .retry = rule};
}

TEST(RetryRules, TheMostSpecificOneCounts) {
  const RetryRules rules(
      {.policies = {{"", Attempts(2)}, {"a.A", Attempts(3)}, {"a.A/Get", Attempts(4)}}});
  EXPECT_EQ(rules.Find(MethodOf("a.A/Get", &kOfProto))->max_attempts, 4u);
  EXPECT_EQ(rules.Find(MethodOf("a.A/Put", &kOfProto))->max_attempts, 3u);
  EXPECT_EQ(rules.Find(MethodOf("b.B/Get", &kOfProto))->max_attempts, 7u);
  EXPECT_EQ(rules.Find(MethodOf("b.B/Get"))->max_attempts, 2u);
}

TEST(RetryRules, WithoutOneThereIsNone) {
  EXPECT_EQ(RetryRules({}).Find(MethodOf("a.A/Get")), nullptr);
  EXPECT_EQ(RetryRules({.policies = {{"a.A", Attempts(3)}}}).Find(MethodOf("a.B/Get")), nullptr);
}

TEST(RetryRules, OneAttemptIsNoPolicy) {
  const RetryRules rules({.policies = {{"", Attempts(2)}, {"a.A", Attempts(1)}}});
  EXPECT_EQ(rules.Find(MethodOf("a.A/Get", &kOfProto)), nullptr);
}

TEST(RetryRules, ThoseOfProtosMayBeSwitchedOff) {
  const RetryRules off({.proto_policies = false});
  EXPECT_EQ(off.Find(MethodOf("a.A/Get", &kOfProto)), nullptr);
  EXPECT_EQ(RetryRules({}).Find(MethodOf("a.A/Get", &kOfProto)), &kOfProto);
}

TEST(RetryRules, StreamsOfRequestsHaveNone) {
  const RetryRules rules({.policies = {{"", Attempts(2)}, {"a.A/Put", Attempts(2)}}});
  for (const MethodType type : {MethodType::kClientStreaming, MethodType::kBidirectional}) {
    EXPECT_EQ(rules.Find({.name = "a.A/Put", .type = type}), nullptr);
  }
  EXPECT_NE(rules.Find({.name = "a.A/Put", .type = MethodType::kServerStreaming}), nullptr);
}

TEST(RetryRules, HaveTheCodesOfThePolicy) {
  const RetryRules rules(
      {.policies = {{"", {.codes = {absl::StatusCode::kAborted, absl::StatusCode::kInternal}}}}});
  const RetryRule& rule = *rules.Find(MethodOf("a.A/Get"));
  EXPECT_TRUE(Retries(rule, absl::StatusCode::kAborted));
  EXPECT_TRUE(Retries(rule, absl::StatusCode::kInternal));
  EXPECT_FALSE(Retries(rule, absl::StatusCode::kUnavailable));
  EXPECT_FALSE(Retries(rule, absl::StatusCode::kOk));
}

TEST(RetryBackoff, DoublesUpToTheLongest) {
  const RetryRule rule{100, 10, 45, 1u << 14};
  EXPECT_EQ(LongestBackoff(rule, 1), milliseconds(10));
  EXPECT_EQ(LongestBackoff(rule, 2), milliseconds(20));
  EXPECT_EQ(LongestBackoff(rule, 3), milliseconds(40));
  EXPECT_EQ(LongestBackoff(rule, 4), milliseconds(45));
  EXPECT_EQ(LongestBackoff(rule, 100), milliseconds(45));
}

TEST(RetryBackoff, TheLongestOfAllDoesNotOverflow) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  const RetryRule rule{100, kMost, kMost, 1u << 14};
  EXPECT_EQ(LongestBackoff(rule, 100), milliseconds(kMost));
}

// Whatever seeds look like that differ.
TEST(Jitter, IsSpreadFromZeroToTheLongest) {
  for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{1} << 40}) {
    int low = 0;
    int high = 0;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const base::Duration pause = RandomUpTo(milliseconds(10), i * step);
      ASSERT_GE(pause, base::Duration::zero());
      ASSERT_LE(pause, milliseconds(10));
      low += pause < milliseconds(2) ? 1 : 0;
      high += pause > milliseconds(8) ? 1 : 0;
    }
    EXPECT_GT(low, 100);
    EXPECT_GT(high, 100);
  }
}

TEST(RetryBudget, AllowsRetriesWhileMoreThanHalfIsLeft) {
  const RetryOptions options{.max_tokens = 10, .token_ratio = 0.5};
  RetryBudget budget(options);
  for (int i = 0; i < 4; ++i) budget.CountFailure();
  EXPECT_TRUE(budget.has_tokens(options));
  budget.CountFailure();
  EXPECT_FALSE(budget.has_tokens(options));
  budget.CountSuccess(options);
  EXPECT_TRUE(budget.has_tokens(options));
}

TEST(RetryBudget, HasNeitherLessThanNothingNorMoreThanAll) {
  const RetryOptions options{.max_tokens = 10, .token_ratio = 1};
  RetryBudget budget(options);
  for (int i = 0; i < 100; ++i) budget.CountFailure();
  for (int i = 0; i < 6; ++i) budget.CountSuccess(options);
  EXPECT_TRUE(budget.has_tokens(options));
  for (int i = 0; i < 100; ++i) budget.CountSuccess(options);
  for (int i = 0; i < 5; ++i) budget.CountFailure();
  EXPECT_FALSE(budget.has_tokens(options));
}

TEST(RetryBudget, OfTheMostTokensASuccessReturnsTheLeastRatio) {
  const RetryOptions options{.max_tokens = 1'000'000, .token_ratio = 0.001};
  RetryBudget budget(options);
  for (int i = 0; i < 500'000; ++i) budget.CountFailure();
  EXPECT_FALSE(budget.has_tokens(options));
  budget.CountSuccess(options);
  EXPECT_TRUE(budget.has_tokens(options));
}

// Options that are out of their range, and what the error names.
struct Mistake {
  RetryOptions options;
  std::string text;
};

RetryOptions Of(const RetryPolicy& policy) { return {.policies = {{"a.A/Get", policy}}}; }

TEST(RetryOptions, MistakesAreNamed) {
  const Mistake mistakes[] = {
      {Of({.max_attempts = 0}), "retry.policies[\"a.A/Get\"].max_attempts is 0"},
      {Of({.max_attempts = 101}), "max_attempts is 101; it must be from 1 to 100"},
      {Of({.initial_backoff = milliseconds(0)}), "initial_backoff (ms) is 0"},
      {Of({.initial_backoff = milliseconds(60), .max_backoff = milliseconds(59)}),
       "max_backoff (ms) is 59; it must be from 60"},
      {Of({.codes = {}}), "codes is empty"},
      {Of({.codes = {absl::StatusCode::kOk}}), "codes is 0; it must be from 1 to 16"},
      {Of({.codes = {static_cast<absl::StatusCode>(17)}}), "codes is 17"},
      {{.max_tokens = 0}, "retry.max_tokens is 0"},
      {{.token_ratio = 0}, "retry.token_ratio is 0; it must be from 0.001 to 1"},
      {{.token_ratio = 1.5}, "retry.token_ratio is 1.5"},
      {{.token_ratio = std::numeric_limits<double>::quiet_NaN()}, "retry.token_ratio is nan"},
  };
  for (const Mistake& mistake : mistakes) {
    ChannelOptions options;
    options.retry = mistake.options;
    const absl::Status status = CheckChannel("demo", options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << mistake.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(mistake.text));
    EXPECT_EQ(Connect("demo", options)->WaitUntilReady(milliseconds(1)), status);
  }
}

TEST(RetryOptions, TheirOwnDefaultsAreValid) {
  EXPECT_TRUE(CheckChannel("demo", {.retry = Of({})}).ok());
}

}  // namespace
}  // namespace piperpc::client
