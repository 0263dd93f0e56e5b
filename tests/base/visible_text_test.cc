#include "piperpc/internal/visible_text.h"

#include "gtest/gtest.h"

namespace piperpc::internal {
namespace {

TEST(VisibleTextTest, OrdinaryTextStays) {
  for (const char* text : {"", "C:\\new \"x\"", "straße", "日本語", "\xf0\x9f\x99\x82"}) {
    EXPECT_EQ(VisibleLine(text), text);
  }
}

TEST(VisibleTextTest, ControlsOfBothKindsAreEscaped) {
  EXPECT_EQ(VisibleLine("a\x1b[31mb\x7f\a"), "a\\x1b[31mb\\x7f\\x07");
  EXPECT_EQ(VisibleLine(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(VisibleLine("\xc2\x9b"
                        "2J"),
            "\\u009b2J");  // CSI as one character of C1.
}

TEST(VisibleTextTest, ALineStaysOne) {
  EXPECT_EQ(VisibleLine("a\nb\tc\rd\u2028e\u2029"), "a\\nb\\tc\\rd\\u2028e\\u2029");
}

TEST(VisibleTextTest, LinesKeepTheirEndsAndTabs) {
  EXPECT_EQ(VisibleLines("a\n\tb\r\x1b"), "a\n\tb\\r\\x1b");
}

TEST(VisibleTextTest, WhatTurnsOrHidesTextIsEscaped) {
  EXPECT_EQ(VisibleLine("\u202e\u2066\u200f\ufeff"), "\\u202e\\u2066\\u200f\\ufeff");
  EXPECT_EQ(VisibleLine("\U000e0041"), "\\U000e0041");
}

TEST(VisibleTextTest, BytesThatAreNoUtf8AreShownAsSuch) {
  EXPECT_EQ(VisibleLine("a\xff"), "a\\xff");
  EXPECT_EQ(VisibleLine("\x9b"
                        "2J"),
            "\\x9b2J");  // CSI of a terminal that is not told of UTF-8.
  EXPECT_EQ(VisibleLine("\xc3"), "\\xc3");
}

TEST(VisibleTextTest, OfALongTextTheBeginningIsShown) {
  EXPECT_EQ(VisibleBeginning("abcdef", 6), "abcdef");
  EXPECT_EQ(VisibleBeginning("abcdefg", 6), "abcdef... (7 bytes)");
  EXPECT_EQ(VisibleBeginning("\x1b\xff", 1), "\\x1b... (2 bytes)");
}

TEST(VisibleTextTest, ALongTextIsCutBetweenCharacters) {
  EXPECT_EQ(VisibleBeginning("a\u00fc", 2), "a... (3 bytes)");
  EXPECT_EQ(VisibleBeginning("a\u00fc", 3), "a\u00fc");
}

}  // namespace
}  // namespace piperpc::internal
