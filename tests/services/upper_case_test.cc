#include "services/upper/upper_case.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace services {
namespace {

TEST(UpperCase, ConvertsAscii) { EXPECT_EQ(*UpperCase("Hello, world 1!"), "HELLO, WORLD 1!"); }

TEST(UpperCase, MakesSeveralCharactersOfOneWhereUnicodeDoes) {
  EXPECT_EQ(*UpperCase("straße"), "STRASSE");
  EXPECT_EQ(*UpperCase("ﬃ"), "FFI");
  EXPECT_EQ(*UpperCase("ŉ"), "ʼN");
}

TEST(UpperCase, ConvertsAllScripts) {
  EXPECT_EQ(*UpperCase("ação"), "AÇÃO");
  EXPECT_EQ(*UpperCase("ὀδυσσεύς"), "ὈΔΥΣΣΕΎΣ");
  EXPECT_EQ(*UpperCase("привет"), "ПРИВЕТ");
  EXPECT_EQ(*UpperCase("𐐨"), "𐐀");
}

TEST(UpperCase, DependsOnNoLanguage) {
  EXPECT_EQ(*UpperCase("istanbul ıspanak"), "ISTANBUL ISPANAK");
}

TEST(UpperCase, LeavesWhatHasNoCase) {
  EXPECT_EQ(*UpperCase(""), "");
  EXPECT_EQ(*UpperCase("日本語 🙂"), "日本語 🙂");
  EXPECT_EQ(*UpperCase(std::string("a\0b", 3)), std::string("A\0B", 3));
}

TEST(UpperCase, TellsWhereTheTextIsNotUtf8) {
  const struct {
    std::string text;
    std::string offset;
  } cases[] = {
      {"\xff", "0"},
      {"ab\xc3", "2"},
      {"é\x80", "2"},
      {"abc\xc0\xaf", "3"},
      {"x\xed\xa0\x80", "1"},
      {"\xf4\x90\x80\x80", "0"},
      {"abcd\xf0\x9f\x99", "4"},
  };
  for (const auto& broken : cases) {
    const absl::Status status = UpperCase(broken.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), "the text is not UTF-8: invalid byte at offset " + broken.offset);
  }
}

// The table is what upper_case_table.py has written. Characters that are in our Unicode and not yet
// in Python's are not compared.
TEST(UpperCase, EqualsPythonsForEveryCharacterThatBothKnow) {
  std::ifstream file(UPPER_CASE_TABLE, std::ios::binary);
  const std::string list(std::istreambuf_iterator<char>(file), {});
  std::size_t compared = 0;
  for (std::size_t at = 0; at < list.size(); ++compared) {
    const std::size_t tab = list.find('\t', at);
    const std::size_t end = list.find('\n', tab);
    const std::string character = list.substr(at, tab - at);
    ASSERT_EQ(*UpperCase(character), list.substr(tab + 1, end - tab - 1)) << character;
    at = end + 1;
  }
  EXPECT_GT(compared, 140'000u);
}

}  // namespace
}  // namespace services
