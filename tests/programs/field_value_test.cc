#include "tools/piperpc/field_value.h"

#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sample.pb.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

using sample::v1::Everything;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class FieldValueTest : public testing::Test {
 protected:
  Outcome Assign(std::string_view assignment) { return assignments_->Add(assignment); }
  void Set(std::string_view assignment) {
    const Outcome status = Assign(assignment);
    EXPECT_TRUE(status.ok()) << assignment << ": " << status;
  }
  std::string Refused(std::string_view assignment) {
    const Outcome status = Assign(assignment);
    EXPECT_EQ(status.exit_code(), kExitUsage) << assignment << ": " << status;
    return status.message();
  }
  void StartAgain() {
    message_.Clear();
    assignments_.emplace(message_);
  }
  Everything message_;
  std::optional<Assignments> assignments_{message_};
};

TEST_F(FieldValueTest, TextIsTakenAsItIs) {
  Set("text=a=b {\"c\"} straße");
  EXPECT_EQ(message_.text(), "a=b {\"c\"} straße");
}

TEST_F(FieldValueTest, BytesAreBase64) {
  Set("data=AAH/");
  EXPECT_EQ(message_.data(), std::string("\x00\x01\xff", 3));
  StartAgain();
  EXPECT_THAT(Refused("data=%%"), HasSubstr("base64"));
}

TEST_F(FieldValueTest, NumbersAtTheirLimits) {
  Set("small=-2147483648");
  Set("large=9223372036854775807");
  Set("natural=4294967295");
  Set("count=18446744073709551615");
  Set("ratio=-1.5e300");
  Set("share=0.25");
  EXPECT_EQ(message_.small(), INT32_MIN);
  EXPECT_EQ(message_.large(), INT64_MAX);
  EXPECT_EQ(message_.natural(), UINT32_MAX);
  EXPECT_EQ(message_.count(), UINT64_MAX);
  EXPECT_EQ(message_.ratio(), -1.5e300);
  EXPECT_EQ(message_.share(), 0.25F);
}

TEST_F(FieldValueTest, NumbersBeyondTheirLimitsAreRefusedWithThem) {
  EXPECT_THAT(Refused("small=2147483648"),
              HasSubstr("must be a whole number (int32) from -2147483648 to 2147483647"));
  EXPECT_THAT(Refused("natural=-1"), HasSubstr("from 0 to 4294967295"));
  Refused("count=18446744073709551616");
  Refused("large=1.5");
  Refused("small=");
  Refused("small=12x");
  EXPECT_THAT(Refused("ratio=1e999"), HasSubstr("must be a double"));
  Refused("share=1e39");
}

TEST_F(FieldValueTest, BooleansAreWords) {
  Set("on=true");
  EXPECT_TRUE(message_.on());
  StartAgain();
  EXPECT_THAT(Refused("on=1"), HasSubstr("\"1\" is not valid: must be true or false"));
}

TEST_F(FieldValueTest, EnumsGoByNameOrNumber) {
  Set("colour=COLOUR_RED");
  EXPECT_EQ(message_.colour(), sample::v1::COLOUR_RED);
  StartAgain();
  Set("colour=1");
  EXPECT_EQ(message_.colour(), sample::v1::COLOUR_RED);
  StartAgain();
  EXPECT_THAT(Refused("colour=RED"),
              HasSubstr("is not valid: must be one of COLOUR_UNSPECIFIED, COLOUR_RED"));
}

TEST_F(FieldValueTest, ADotGoesInside) {
  Set("address.city=Porto");
  Set("address.floors=1");
  Set("address.floors=2");
  EXPECT_EQ(message_.address().city(), "Porto");
  EXPECT_THAT(message_.address().floors(), ElementsAre(1, 2));
}

TEST_F(FieldValueTest, RepeatingAddsToARepeatedField) {
  Set("tags=a");
  Set("tags=b");
  EXPECT_THAT(message_.tags(), ElementsAre("a", "b"));
}

TEST_F(FieldValueTest, RepeatingAnotherFieldIsRefused) {
  Set("text=a");
  EXPECT_EQ(
      Refused("text=b"),
      "field text was given twice: as \"a\" and as \"b\"; it holds one value, so leave one out "
      "(only a repeated field takes several: FIELD=VALUE for each)");
}

TEST_F(FieldValueTest, AListInPlaceOfAValueIsToldHowToBeGiven) {
  EXPECT_THAT(Refused("address.floors=[1,2]"),
              HasSubstr("; give each value of a list as floors=VALUE"));
  EXPECT_THAT(Refused(R"(homes=[{"city":"Braga"}])"),
              HasSubstr("; give each value of a list as homes=VALUE"));
  EXPECT_THAT(Refused("small=[1,2]"), Not(HasSubstr("list")));
}

TEST_F(FieldValueTest, MapsTakeTheKeyBehindTheDot) {
  Set("labels.one=1");
  Set("labels.a.b=2");
  EXPECT_EQ(message_.labels().at("one"), 1);
  EXPECT_EQ(message_.labels().at("a.b"), 2);
  EXPECT_THAT(Refused("labels.x=y"), HasSubstr("int32"));
}

TEST_F(FieldValueTest, MessagesAreJsonOrTheirOwnText) {
  Set(R"(address={"city":"Porto"})");
  Set("delay=1.5s");
  Set(R"(homes={"city":"Braga"})");
  EXPECT_EQ(message_.address().city(), "Porto");
  EXPECT_EQ(message_.delay().nanos(), 500'000'000);
  EXPECT_EQ(message_.homes(0).city(), "Braga");
}

TEST_F(FieldValueTest, ADefaultValueCountsAsGiven) {
  Set("small=0");
  EXPECT_THAT(Refused("small=5"), HasSubstr("small was given twice: as \"0\" and as \"5\""));
}

TEST_F(FieldValueTest, AOneofTakesOneOfItsFields) {
  Set("left=a");
  EXPECT_THAT(Refused("right=1"), HasSubstr("fields left and right were both given, but the oneof "
                                            "choice can hold only one of its fields"));
  EXPECT_EQ(message_.left(), "a");
}

TEST_F(FieldValueTest, AMapTakesAKeyOnce) {
  Set("labels.one=1");
  EXPECT_THAT(Refused("labels.one=2"), HasSubstr("\"1\" and as \"2\""));
  Set("numbered.1=a");
  EXPECT_THAT(Refused("numbered.01=b"), HasSubstr("\"a\" and as \"b\""));
}

TEST_F(FieldValueTest, AMapIsGivenByItsKeys) {
  EXPECT_THAT(Refused(R"(labels={"key":"a","value":1})"), HasSubstr("labels.KEY=VALUE"));
}

TEST_F(FieldValueTest, AMessageAndAFieldInsideItAreNotBothGiven) {
  Set(R"(address={"city":"Porto"})");
  EXPECT_THAT(Refused("address.city=Braga"),
              AllOf(HasSubstr("fields address and address.city"),
                    HasSubstr("; give the outer one as JSON alone")));
  StartAgain();
  Set("address.city=Porto");
  EXPECT_THAT(Refused("address={}"), HasSubstr("fields address.city and address"));
}

TEST_F(FieldValueTest, WrappersTakeTheirValueAsItIs) {
  Set(R"(boxed=C:\new\table)");
  EXPECT_EQ(message_.boxed().value(), "C:\\new\\table");
  StartAgain();
  Set(R"(boxed=hi"there)");
  EXPECT_EQ(message_.boxed().value(), "hi\"there");
  StartAgain();
  Set(R"(boxed="quoted")");
  EXPECT_EQ(message_.boxed().value(), "\"quoted\"");
  StartAgain();
  Set("boxed=");
  EXPECT_TRUE(message_.has_boxed());
  Set("boxed_number=7");
  EXPECT_EQ(message_.boxed_number().value(), 7);
  EXPECT_THAT(Refused("boxed_bytes=%%"), HasSubstr("base64"));
}

TEST_F(FieldValueTest, ValuesOfAnyTypeTakeTextAsItIs) {
  Set(R"(anything=C:\new "x")");
  EXPECT_EQ(message_.anything().string_value(), "C:\\new \"x\"");
}

TEST_F(FieldValueTest, TextThatIsNoUtf8IsRefusedWithTheFieldsName) {
  EXPECT_THAT(Refused("text=ab\xff"), HasSubstr("field text is not valid UTF-8: byte 3 is 0xff"));
  EXPECT_THAT(Refused("tags=\xc3"), HasSubstr("field tags"));
  EXPECT_THAT(Refused("boxed=\xff"), HasSubstr("field boxed"));
  EXPECT_THAT(Refused("homes={\"city\":\"\xff\"}"), HasSubstr("field homes: the JSON"));
  EXPECT_THAT(Refused("address.city=\xff"), HasSubstr("field city"));
  EXPECT_THAT(Refused("labels.\xff=1"), HasSubstr("map labels"));
}

TEST_F(FieldValueTest, UnknownFieldsNameTheMessage) {
  EXPECT_THAT(Refused("colour2=1"),
              HasSubstr("sample.v1.Everything has no field colour2; it has text, data, small, "));
  EXPECT_THAT(Refused("address.street=x"),
              HasSubstr("sample.v1.Address has no field street; it has city, floors"));
  Refused("text.inside=x");
  Refused("homes.city=x");
}

TEST(LooksLikeAssignmentTest, TellsAssignmentsFromOtherWords) {
  EXPECT_TRUE(LooksLikeAssignment("a.b_1=x y"));
  EXPECT_FALSE(LooksLikeAssignment("{\"a\": \"b=c\"}"));
  EXPECT_FALSE(LooksLikeAssignment("=x"));
  EXPECT_FALSE(LooksLikeAssignment("word"));
}

}  // namespace
}  // namespace piperpc::cli
