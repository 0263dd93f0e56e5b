#include "tools/shared/json_text.h"

#include "gtest/gtest.h"

namespace piperpc::tools {
namespace {

TEST(JsonTextTest, KeepsTextAndEscapesControls) {
  EXPECT_EQ(QuoteJson("straße \xf0\x9f\x99\x82"), "\"straße \xf0\x9f\x99\x82\"");
  EXPECT_EQ(QuoteJson("a\"b\\c\n\x1b"), R"("a\"b\\c\u000a\u001b")");
  EXPECT_EQ(QuoteJson(""), "\"\"");
}

TEST(JsonTextTest, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(QuoteJson("a\xff"), R"("a\ufffd")");
  EXPECT_EQ(QuoteJson("\xc3"), R"("\ufffd")");                      // Cut short.
  EXPECT_EQ(QuoteJson("\xc0\x80"), R"("\ufffd\ufffd")");            // Too long for what it says.
  EXPECT_EQ(QuoteJson("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");  // Half of a surrogate pair.
}

TEST(JsonTextTest, WhatSteersATerminalIsEscaped) {
  EXPECT_EQ(QuoteJson("\x7f\u009b\u202e\U000e0041"), R"("\u007f\u009b\u202e\udb40\udc41")");
}

TEST(JsonTextTest, TheJsonOfALibraryIsMadeSafeToo) {
  EXPECT_EQ(EscapeJson("{\n\t\"a\": \"stra\u00dfe\u2067\xff\"}"),
            "{\n\t\"a\": \"stra\u00dfe\\u2067\\ufffd\"}");
  EXPECT_EQ(EscapeJson("{\"a\":1}"), "{\"a\":1}");
}

}  // namespace
}  // namespace piperpc::tools
