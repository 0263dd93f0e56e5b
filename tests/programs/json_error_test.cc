#include "tools/piperpc/json_error.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sample.pb.h"
#include "tools/piperpc/json.h"

namespace piperpc::cli {
namespace {

using ::testing::HasSubstr;

TEST(JsonErrorTest, ThePlaceOfTheCaretIsTold) {
  EXPECT_EQ(JsonErrorText(R"({"text" "b"})", "Expected :.\n{\"text\" \"b\"}\n        ^"),
            "Expected :, at column 9: \"b\"}");
  EXPECT_EQ(JsonErrorText("{\n  \"a\": 1\n  \"b\": 2\n}",
                          "No.\n{\n  \"a\": 1\n  \"b\": 2\n}\n             ^"),
            "No, at line 3, column 3: \"b\": 2");
}

TEST(JsonErrorTest, TheShownPartMayBeginAnywhere) {
  EXPECT_EQ(JsonErrorText(R"({"text": tru})", "Unexpected token.\ntru}\n^"),
            "Unexpected token, at column 10: tru}");
}

TEST(JsonErrorTest, ColumnsCountCharactersAndNoneIsShownInPart) {
  const std::string json = "{\"ß\": \"ß\" x ßß}";
  EXPECT_EQ(JsonErrorText(json, "No.\n" + json.substr(0, json.size() - 2) + "\n            ^"),
            "No, at column 11: x ß");
}

TEST(JsonErrorTest, TheEndIsTold) {
  EXPECT_EQ(JsonErrorText("{", "Unexpected end of string.\n\n^"),
            "Unexpected end of string, at the end");
}

TEST(JsonErrorTest, OfSeveralPlacesNoneIsMadeUp) {
  EXPECT_EQ(JsonErrorText("[1 2],[1 2]", "No.\n[1 2]\n   ^"), "No, at this place: 2]");
}

std::string ErrorOf(const char* json) {
  sample::v1::Everything message;
  return FromJson(json, message).message();
}

TEST(JsonErrorTest, AFieldThatIsNotThereIsToldWithThoseThatAre) {
  EXPECT_THAT(ErrorOf(R"({"tex": 1})"), HasSubstr("sample.v1.Everything has no field tex; it has "
                                                  "text, data, "));
  EXPECT_THAT(ErrorOf(R"({"address": {"tex": 1}})"),
              HasSubstr("sample.v1.Address has no field tex; it has city, floors"));
  EXPECT_THAT(ErrorOf(R"({"homes": [{}, {"tex": 1}]})"),
              HasSubstr("sample.v1.Address has no field tex; it has city, floors"));
}

TEST(JsonErrorTest, AValueThatDoesNotFitIsToldWithWhatDoes) {
  EXPECT_THAT(
      ErrorOf(R"({"small": 99999999999})"),
      HasSubstr("field small: 99999999999 is not valid: must be a whole number (int32) from "
                "-2147483648 to 2147483647"));
  EXPECT_THAT(ErrorOf(R"({"address": {"floors": [1, "x for type y"]}})"),
              HasSubstr("field address.floors[1]: \"x for type y\" is not valid: must be a whole"));
  EXPECT_THAT(ErrorOf(R"({"labels": {"a": 99999999999}})"),
              HasSubstr("field labels[0].value: 99999999999 is not valid: must be a whole"));
  EXPECT_THAT(ErrorOf(R"({"colour": "X"})"),
              HasSubstr("must be one of COLOUR_UNSPECIFIED, COLOUR_RED"));
  EXPECT_THAT(ErrorOf(R"({"address": 3})"), HasSubstr("must be a sample.v1.Address"));
}

TEST(JsonErrorTest, OtherTextsStayButInOneLine) {
  EXPECT_EQ(JsonErrorText("{}", "texd: Cannot find field."), "texd: Cannot find field.");
  EXPECT_EQ(JsonErrorText("{}", ": invalid value"), "invalid value");
  EXPECT_EQ(JsonErrorText("{}", ""), "");
  EXPECT_EQ(JsonErrorText("{}", "^"), "^");
  EXPECT_EQ(JsonErrorText("{}", "a\n^"), "a ^");
  EXPECT_EQ(JsonErrorText("{}", "a\nb\n      ^"), "a b       ^");
}

// Whatever protobuf says, and of whichever version it is.
TEST(JsonErrorTest, NoErrorOfProtobufHasALineOrACaret) {
  for (const char* json : {"",
                           "{",
                           "{\"text\"",
                           "{\"text\": ",
                           "{\"text\": \"abc",
                           "{\"text\": \"a\"",
                           "{}}",
                           "{} x",
                           "{\"text\": tru}",
                           "{\"text\": \"\\u12\"}",
                           "{\"text\": \"\\ud800\"}",
                           "{,}",
                           "[1 2]",
                           "{\"small\": 01}",
                           "{\"small\": 1e999}",
                           "{\n\"text\": \"a\"\n\"small\": 1}",
                           "nonsense",
                           "{\"text\": {\"a\": 1}}",
                           "{\"small\": [1]}",
                           "{\"anything\": [1 2]}"}) {
    sample::v1::Everything message;
    const Outcome outcome = FromJson(json, message);
    EXPECT_EQ(outcome.exit_code(), kExitUsage) << json;
    EXPECT_EQ(outcome.message().find_first_of("\n^"), std::string::npos) << outcome.message();
  }
}

}  // namespace
}  // namespace piperpc::cli
