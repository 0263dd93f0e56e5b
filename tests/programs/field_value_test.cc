#include "tools/piperpc/field_value.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sample.pb.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

using sample::v1::Everything;
using testing::ElementsAre;
using testing::HasSubstr;

class FieldValueTest : public testing::Test {
 protected:
  void Set(std::string_view assignment) {
    const Outcome status = Assign(assignment, message_);
    EXPECT_TRUE(status.ok()) << assignment << ": " << status;
  }
  std::string Refused(std::string_view assignment) {
    const Outcome status = Assign(assignment, message_);
    EXPECT_EQ(status.exit_code(), kExitUsage) << assignment << ": " << status;
    return status.message();
  }
  Everything message_;
};

TEST_F(FieldValueTest, TextIsTakenAsItIs) {
  Set("text=a=b {\"c\"} straße");
  EXPECT_EQ(message_.text(), "a=b {\"c\"} straße");
}

TEST_F(FieldValueTest, BytesAreBase64) {
  Set("data=AAH/");
  EXPECT_EQ(message_.data(), std::string("\x00\x01\xff", 3));
  message_.clear_data();
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
  EXPECT_THAT(Refused("small=2147483648"), HasSubstr("from -2147483648 to 2147483647"));
  EXPECT_THAT(Refused("natural=-1"), HasSubstr("from 0 to 4294967295"));
  Refused("count=18446744073709551616");
  Refused("large=1.5");
  Refused("small=");
  Refused("small=12x");
  Refused("ratio=1e999");
  Refused("share=1e39");
}

TEST_F(FieldValueTest, BooleansAreWords) {
  Set("on=true");
  EXPECT_TRUE(message_.on());
  message_.clear_on();
  EXPECT_THAT(Refused("on=1"), HasSubstr("true or false"));
}

TEST_F(FieldValueTest, EnumsGoByNameOrNumber) {
  Set("colour=COLOUR_RED");
  EXPECT_EQ(message_.colour(), sample::v1::COLOUR_RED);
  message_.clear_colour();
  Set("colour=1");
  EXPECT_EQ(message_.colour(), sample::v1::COLOUR_RED);
  message_.clear_colour();
  EXPECT_THAT(Refused("colour=RED"), HasSubstr("COLOUR_UNSPECIFIED, COLOUR_RED"));
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
  EXPECT_THAT(Refused("text=b"), HasSubstr("text was given twice"));
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

TEST_F(FieldValueTest, UnknownFieldsNameTheMessage) {
  EXPECT_THAT(Refused("colour2=1"), HasSubstr("sample.v1.Everything has no field colour2"));
  EXPECT_THAT(Refused("address.street=x"), HasSubstr("sample.v1.Address has no field street"));
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
