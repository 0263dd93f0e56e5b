#include "src/base/text.h"

#include "gtest/gtest.h"

namespace piperpc::base {
namespace {

TEST(VisibleTest, ShowsControlCharactersAsEscapes) {
  EXPECT_EQ(Visible("a\nb\x1b[2J\x7f"), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(Visible(std::string_view("\0", 1)), "\\x00");
}

TEST(VisibleTest, ShowsTheControlCharactersAboveAsciiAsEscapes) {
  EXPECT_EQ(Visible("\xc2\x9b"
                    "2J"),
            "\\xc2\x9b"
            "2J");
}

TEST(VisibleTest, LeavesOtherTextAsItIs) {
  EXPECT_EQ(Visible("Gr\u00fc\u00dfe, \"quoted\" \\ 100 %"),
            "Gr\u00fc\u00dfe, \"quoted\" \\ 100 %");
}

TEST(VisibleTest, ShowsTheBeginningOfALongText) {
  EXPECT_EQ(Visible("abcdef", 6), "abcdef");
  EXPECT_EQ(Visible("abcdefg", 6), "abcdef... (7 bytes)");
}

}  // namespace
}  // namespace piperpc::base
