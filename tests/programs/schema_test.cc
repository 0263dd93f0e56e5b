#include "tools/piperpc/schema.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "programs/sample_schema.h"

namespace piperpc::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SchemaTest : public testing::Test {
 protected:
  SchemaTest() { EXPECT_TRUE(schema_.AddFiles(SampleFiles()).ok()); }
  Schema schema_;
};

TEST_F(SchemaTest, FindsAMethodInBothSpellings) {
  for (const char* name : {"sample.v1.SampleService/Up", "sample.v1.SampleService.Up"}) {
    const absl::StatusOr<CallableMethod> method = schema_.FindMethod(name);
    ASSERT_TRUE(method.ok()) << method.status();
    EXPECT_EQ(method->name, "sample.v1.SampleService/Up");
    EXPECT_EQ(method->shape, MethodShape::kClientStreaming);
  }
}

TEST_F(SchemaTest, KnowsTheFourShapes) {
  const auto shape = [this](const char* name) {
    return schema_.FindMethod(std::string("sample.v1.SampleService/") + name)->shape;
  };
  EXPECT_EQ(shape("One"), MethodShape::kUnary);
  EXPECT_EQ(shape("Down"), MethodShape::kServerStreaming);
  EXPECT_EQ(shape("Both"), MethodShape::kBidirectional);
}

TEST_F(SchemaTest, AnUnknownMethodIsAnsweredWithThoseThereAre) {
  const absl::Status status = schema_.FindMethod("sample.v1.SampleService/Two").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("One, Down, Up, Both"));
}

TEST_F(SchemaTest, AnUnknownServiceIsNamed) {
  const absl::Status status = schema_.FindMethod("sample.v1.Other/Two").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("sample.v1.Other"));
}

TEST_F(SchemaTest, DescribesAServiceWithItsMessages) {
  const absl::StatusOr<std::string> text = schema_.Describe("sample.v1.SampleService");
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, AllOf(HasSubstr("rpc One("), HasSubstr("message Everything {"),
                           HasSubstr("message Address {")));
}

TEST_F(SchemaTest, DescribesMessagesAndEnums) {
  EXPECT_THAT(*schema_.Describe("sample.v1.Address"), HasSubstr("string city = 1;"));
  EXPECT_THAT(*schema_.Describe("sample.v1.Colour"), HasSubstr("COLOUR_RED = 1;"));
  EXPECT_EQ(schema_.Describe("sample.v1.Nothing").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SchemaTest, FilesThatAreThereAreSkipped) {
  EXPECT_TRUE(schema_.AddFiles(SampleFiles()).ok());
}

TEST(SchemaWithoutFilesTest, RefusesWhatIsNoDescriptor) {
  Schema schema;
  EXPECT_EQ(schema.AddFiles({"\xff\xff"}).code(), absl::StatusCode::kInternal);
}

TEST(SchemaWithoutFilesTest, RefusesAFileWhoseImportsAreMissing) {
  Schema schema;
  EXPECT_EQ(schema.AddFiles({SampleFiles().back()}).code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace piperpc::cli
