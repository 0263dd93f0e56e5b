#include "tools/piperpc/words.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

using Words = std::vector<std::string>;

Words Split(std::string_view line) {
  const OutcomeOr<Words> words = SplitLine(line);
  EXPECT_TRUE(words.ok()) << words.outcome();
  return words.ok() ? *words : Words{};
}

TEST(WordsTest, BlanksSeparate) {
  EXPECT_EQ(Split(" call  a/B\tx=1 \r"), (Words{"call", "a/B", "x=1"}));
  EXPECT_EQ(Split("  "), Words{});
}

TEST(WordsTest, QuotesKeepTogether) {
  EXPECT_EQ(Split(R"(text="two words" 'it''s' a\ b)"), (Words{"text=two words", "its", "a b"}));
  EXPECT_EQ(Split(R"("say \"hi\"" '\n' "")"), (Words{"say \"hi\"", "\\n", ""}));
}

TEST(WordsTest, JsonNeedsNoQuotes) {
  EXPECT_EQ(Split(R"(call a/B {"t": "x } \" y", "m": {"n": 1}} z)"),
            (Words{"call", "a/B", R"({"t": "x } \" y", "m": {"n": 1}})", "z"}));
}

TEST(WordsTest, CommentsEndTheLine) { EXPECT_EQ(Split("list # all"), Words{"list"}); }

TEST(WordsTest, WhatIsOpenIsRefused) {
  for (const char* line : {"a \"b", "a 'b", "{\"a\":1", "a\\"}) {
    EXPECT_EQ(SplitLine(line).outcome().exit_code(), kExitUsage) << line;
  }
}

}  // namespace
}  // namespace piperpc::cli
