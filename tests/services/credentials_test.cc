#include "services/auth/credentials.h"

#include <gtest/gtest.h>

#include <string>

namespace services {
namespace {

using absl::StatusCode;

TEST(Username, TakesOneTo64Bytes) {
  EXPECT_TRUE(CheckUsername("a").ok());
  EXPECT_TRUE(CheckUsername(std::string(64, 'a')).ok());
  EXPECT_EQ(CheckUsername("").code(), StatusCode::kInvalidArgument);
  const absl::Status longer = CheckUsername(std::string(65, 'a'));
  EXPECT_EQ(longer.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(longer.message(), "the user name has 65 bytes; it must have 1 to 64");
}

TEST(Username, TakesLettersOfAllLanguages) {
  EXPECT_TRUE(CheckUsername("João da Silva").ok());
  EXPECT_TRUE(CheckUsername("李雷").ok());
  EXPECT_TRUE(CheckUsername("🙂").ok());
}

TEST(Username, RefusesControlCharacters) {
  for (const char* name :
       {"a\nb", "a\tb", "\x7f", "a\xc2\x85", "a\xe2\x80\xa8z", "a\u202e", "\x1b[2J"}) {
    EXPECT_EQ(CheckUsername(name).code(), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(
      CheckUsername(std::string("a\0b", 3)).message(),
      "the user name has a control character, or one that reverses or hides text, at offset 1");
}

TEST(Username, RefusesWhatIsNotUtf8AndSaysWhere) {
  EXPECT_EQ(CheckUsername("ab\xff").message(),
            "the user name is not UTF-8: invalid byte at offset 2");
  EXPECT_EQ(CheckUsername("\xc0\x80").code(), StatusCode::kInvalidArgument);      // Overlong.
  EXPECT_EQ(CheckUsername("\xed\xa0\x80").code(), StatusCode::kInvalidArgument);  // A surrogate.
  EXPECT_EQ(CheckUsername("a\xe2\x82").code(), StatusCode::kInvalidArgument);     // Cut short.
}

TEST(Username, RefusesASpaceAtEitherEnd) {
  EXPECT_FALSE(CheckUsername(" ana").ok());
  EXPECT_FALSE(CheckUsername("ana ").ok());
}

TEST(Password, TakesOneTo1024OfAnyBytes) {
  EXPECT_TRUE(CheckPassword(std::string(1, '\0')).ok());
  EXPECT_TRUE(CheckPassword(std::string(1024, '\xff')).ok());
  EXPECT_EQ(CheckPassword("").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckPassword(std::string(1025, 'x')).code(), StatusCode::kInvalidArgument);
}

TEST(Password, IsNotInTheErrorAboutIt) {
  EXPECT_EQ(CheckPassword(std::string(2000, 'q')).message().find("qq"), std::string::npos);
}

TEST(Wipe, OverwritesAllThatTheTextHadRoomFor) {
  std::string text(100, 's');
  const char* const bytes = text.data();
  Wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string(bytes, 100), std::string(100, '\0'));
}

}  // namespace
}  // namespace services
