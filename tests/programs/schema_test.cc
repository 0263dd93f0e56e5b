#include "tools/piperpc/schema.h"

#include <atomic>
#include <thread>

#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "programs/sample_schema.h"

namespace piperpc::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class SchemaTest : public testing::Test {
 protected:
  SchemaTest() { EXPECT_TRUE(schema_.AddFiles(SampleFiles()).ok()); }
  Schema schema_;
};

TEST_F(SchemaTest, FindsAMethodInBothSpellings) {
  for (const char* name : {"sample.v1.SampleService/Up", "sample.v1.SampleService.Up"}) {
    const OutcomeOr<CallableMethod> method = schema_.FindMethod(name);
    ASSERT_TRUE(method.ok()) << method.outcome();
    EXPECT_EQ(method->name, "sample.v1.SampleService/Up");
    EXPECT_EQ(method->type, MethodType::kClientStreaming);
  }
}

TEST_F(SchemaTest, KnowsTheFourMethodTypes) {
  const auto type = [this](const char* name) {
    return schema_.FindMethod(std::string("sample.v1.SampleService/") + name)->type;
  };
  EXPECT_EQ(type("One"), MethodType::kUnary);
  EXPECT_EQ(type("Down"), MethodType::kServerStreaming);
  EXPECT_EQ(type("Both"), MethodType::kBidirectional);
}

TEST_F(SchemaTest, AnUnknownMethodIsAnsweredWithThoseThereAre) {
  const Outcome status = schema_.FindMethod("sample.v1.SampleService/Two").outcome();
  EXPECT_EQ(status.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("One, Down, Up, Both"));
}

TEST_F(SchemaTest, AnUnknownServiceIsNamed) {
  const Outcome status = schema_.FindMethod("sample.v1.Other/Two").outcome();
  EXPECT_EQ(status.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(), HasSubstr("sample.v1.Other"));
}

std::string Described(const Schema& schema, const std::vector<std::string>& symbols) {
  Definitions definitions;
  for (const std::string& symbol : symbols) {
    const Outcome described = schema.Describe(symbol, definitions);
    EXPECT_TRUE(described.ok()) << described;
  }
  return definitions.Text();
}

TEST_F(SchemaTest, DescribesAServiceWithItsPackageAndAllThatItUses) {
  const std::string text = Described(schema_, {"sample.v1.SampleService"});
  EXPECT_THAT(text, StartsWith("package sample.v1;\n\nservice SampleService {\n"));
  EXPECT_THAT(text, AllOf(HasSubstr("rpc One("), HasSubstr("}\n\nmessage Everything {"),
                          HasSubstr("}\n\nmessage Address {"), HasSubstr("}\n\nenum Colour {")));
  EXPECT_THAT(text, AllOf(HasSubstr("\n\npackage google.protobuf;\n\n"),
                          HasSubstr("\n\nmessage Duration {"), HasSubstr("\n\nenum NullValue {")));
}

std::size_t TimesIn(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++times;
  return times;
}

TEST_F(SchemaTest, DescribesEachTypeOnce) {
  const std::string text = Described(
      schema_, {"sample.v1.SampleService", "sample.v1.Address", "sample.v1.SampleService.One"});
  for (const char* part : {"message Address {", "message Everything {", "enum Colour {",
                           "message Duration {", "package sample.v1;"}) {
    EXPECT_EQ(TimesIn(text, part), 1u) << part;
  }
}

TEST_F(SchemaTest, DescribesMessagesEnumsAndFields) {
  EXPECT_EQ(Described(schema_, {"sample.v1.Address"}),
            "package sample.v1;\n\nmessage Address {\n  string city = 1;\n"
            "  repeated int32 floors = 2;\n}\n");
  EXPECT_THAT(Described(schema_, {"sample.v1.Colour"}), HasSubstr("COLOUR_RED = 1;"));
  EXPECT_THAT(Described(schema_, {"sample.v1.Everything.colour"}),
              AllOf(HasSubstr("colour = 10;"), HasSubstr("COLOUR_RED = 1;")));
  Definitions none;
  EXPECT_TRUE(schema_.Describe("sample.v1.Nothing", none).Is(absl::StatusCode::kNotFound));
  EXPECT_EQ(none.Text(), "");
}

TEST_F(SchemaTest, AValueThatHoldsNothingIsShownAsNull) {
  google::protobuf::Value nothing;
  EXPECT_EQ(*schema_.ReplyToJson({}, JsonStyle::kLine, nothing), "null");
}

TEST_F(SchemaTest, FilesThatAreThereAreSkipped) {
  EXPECT_TRUE(schema_.AddFiles(SampleFiles()).ok());
}

class HostileSchemaTest : public testing::Test {
 protected:
  using Field = google::protobuf::FieldDescriptorProto;

  HostileSchemaTest() {
    file_.set_name("odd.proto");
    file_.set_package("odd.v1");
    field_ = file_.add_message_type()->add_field();
    file_.mutable_message_type(0)->set_name("Odd");
    field_->set_name("value");
    field_->set_number(1);
    field_->set_label(Field::LABEL_OPTIONAL);
    field_->set_type(Field::TYPE_STRING);
  }

  static void SetUnknown(Field& field, int number, std::uint64_t value) {
    field.GetReflection()->MutableUnknownFields(&field)->AddVarint(number, value);
  }

  void ExpectRefused(const std::string& why) {
    Schema schema;
    const Outcome outcome = schema.AddFiles({file_.SerializeAsString()});
    EXPECT_TRUE(outcome.Is(absl::StatusCode::kInternal)) << outcome;
    EXPECT_THAT(outcome.message(),
                AllOf(HasSubstr("not valid: file \"odd.proto\": "), HasSubstr(why)));
  }

  google::protobuf::FileDescriptorProto file_;
  Field* field_;
};

TEST_F(HostileSchemaTest, IsTakenWhenNothingIsWrongWithIt) {
  Schema schema;
  EXPECT_TRUE(schema.AddFiles({file_.SerializeAsString()}).ok());
}

TEST_F(HostileSchemaTest, AFileThatImportsItself) {
  file_.add_dependency("odd.proto");
  ExpectRefused("it imports itself");
}

TEST_F(HostileSchemaTest, AFileWhoseImportIsNotThere) {
  file_.add_dependency("other.proto");
  ExpectRefused("other.proto");
}

TEST_F(HostileSchemaTest, ATypeThatNobodyKnows) {
  field_->clear_type();
  SetUnknown(*field_, Field::kTypeFieldNumber, 99);
  ExpectRefused("field odd.v1.Odd.value has an unknown type: 99");
}

TEST_F(HostileSchemaTest, AFieldWithoutAType) {
  field_->clear_type();
  ExpectRefused("field odd.v1.Odd.value has no type");
}

TEST_F(HostileSchemaTest, ALabelThatNobodyKnows) {
  field_->clear_label();
  SetUnknown(*field_, Field::kLabelFieldNumber, 7);
  ExpectRefused("field odd.v1.Odd.value has an unknown label: 7");
}

TEST_F(HostileSchemaTest, IsLookedAtAsDeepAsItNests) {
  auto* const inner = file_.mutable_message_type(0)->add_nested_type();
  inner->set_name("Inner");
  *inner->add_field() = *field_;
  inner->mutable_field(0)->clear_type();
  ExpectRefused("field odd.v1.Odd.Inner.value has no type");
}

TEST_F(HostileSchemaTest, AGroupOfItsOwnMessageIsTaken) {
  file_.mutable_message_type(0)->add_nested_type()->set_name("Value");
  field_->set_type(Field::TYPE_GROUP);
  field_->set_type_name(".odd.v1.Odd.Value");
  Schema schema;
  EXPECT_TRUE(schema.AddFiles({file_.SerializeAsString()}).ok());
}

// Around it, or with several fields for each: printed, that has no end.
TEST_F(HostileSchemaTest, AGroupOfAnotherMessage) {
  file_.mutable_message_type(0)->add_nested_type()->set_name("Value");
  field_->set_type(Field::TYPE_GROUP);
  field_->set_type_name(".odd.v1.Odd");
  ExpectRefused("field odd.v1.Odd.value is a group of another message: .odd.v1.Odd");
  field_->set_name("VALUE");
  field_->set_type_name(".odd.v1.Odd.Value");
  ExpectRefused("field odd.v1.Odd.VALUE is a group of another message");
}

// Protobuf goes from type to type, as deep as they lead.
TEST_F(HostileSchemaTest, MoreTypesThanTheStackHoldsAChainOf) {
  for (int i = 0; i < 10'000; ++i) file_.add_message_type()->set_name("M" + std::to_string(i));
  ExpectRefused("there are 10001 message types; the limit is 10000");
}

TEST_F(HostileSchemaTest, ExtensionsAreLookedAt) {
  Field* const extension = file_.add_extension();
  *extension = *field_;
  extension->set_extendee(".odd.v1.Odd");
  extension->clear_type();
  SetUnknown(*extension, Field::kTypeFieldNumber, 99);
  ExpectRefused("field odd.v1.value has an unknown type: 99");
}

TEST_F(HostileSchemaTest, WellKnownTypesAreTakenAsTheyAre) {
  for (const auto* type :
       {google::protobuf::Struct::descriptor(), google::protobuf::StringValue::descriptor(),
        google::protobuf::Timestamp::descriptor()}) {
    google::protobuf::FileDescriptorProto file;
    type->file()->CopyTo(&file);
    Schema schema;
    const Outcome outcome = schema.AddFiles({file.SerializeAsString()});
    EXPECT_TRUE(outcome.ok()) << outcome;
  }
}

TEST_F(HostileSchemaTest, AWellKnownTypeWithoutItsField) {
  file_.set_package("google.protobuf");
  file_.mutable_message_type(0)->set_name("StringValue");
  field_->set_number(2);
  ExpectRefused("message google.protobuf.StringValue has other fields than protobuf's own");
}

TEST_F(HostileSchemaTest, AWellKnownTypeInsideAnotherType) {
  file_.set_package("google");
  file_.mutable_message_type(0)->set_name("protobuf");
  file_.mutable_message_type(0)->add_nested_type()->set_name("DoubleValue");
  ExpectRefused("message google.protobuf.DoubleValue has other fields than protobuf's own");
}

TEST_F(HostileSchemaTest, AStructWhoseFieldsAreNoMap) {
  file_.Clear();
  google::protobuf::Struct::descriptor()->file()->CopyTo(&file_);
  file_.set_name("odd.proto");
  google::protobuf::DescriptorProto& fields = *file_.mutable_message_type(0);
  ASSERT_EQ(fields.name(), "Struct");
  fields.mutable_nested_type(0)->mutable_options()->clear_map_entry();
  ExpectRefused("message google.protobuf.Struct has other fields than protobuf's own");
}

// TSan sees a race here when replies are printed while another service's files come in.
TEST_F(SchemaTest, RepliesArePrintedWhileFilesAreAdded) {
  const auto* const type =
      schema_.FindMethod("sample.v1.SampleService/One")->descriptor->output_type();
  std::atomic<bool> added = false;
  std::jthread printer([&] {
    const auto reply = schema_.NewMessage(*type);
    int replies = 0;
    while (!added || replies++ == 0) {
      EXPECT_EQ(*schema_.ReplyToJson({}, JsonStyle::kLine, *reply), "{}");
    }
  });
  for (int i = 0; i < 200; ++i) {
    google::protobuf::FileDescriptorProto file;
    file.set_name("file" + std::to_string(i));
    file.add_message_type()->set_name("Message" + std::to_string(i));
    EXPECT_TRUE(schema_.AddFiles({file.SerializeAsString()}).ok());
  }
  added = true;
}

TEST_F(SchemaTest, AReplyThatIsNoMessageIsInternal) {
  const CallableMethod method = *schema_.FindMethod("sample.v1.SampleService/One");
  const auto reply = schema_.NewMessage(*method.descriptor->output_type());
  const std::string bytes = "\xff";
  const auto json = schema_.ReplyToJson(bytes, JsonStyle::kLine, *reply);
  EXPECT_TRUE(json.outcome().Is(absl::StatusCode::kInternal)) << json.outcome();
}

// A Value that holds so many lists, one inside the other; each is two levels of messages.
std::string Lists(int count) {
  google::protobuf::Value outermost;
  google::protobuf::Value* innermost = &outermost;
  for (int i = 0; i < count; ++i) innermost = innermost->mutable_list_value()->add_values();
  innermost->set_number_value(1);
  return outermost.SerializeAsString();
}

TEST(DeepReplyTest, AReplyIsShownAsDeepAsProtobufShowsIt) {
  const Schema schema;
  google::protobuf::Value reply;
  EXPECT_TRUE(schema.ReplyToJson(Lists(30), JsonStyle::kLine, reply).ok());
  const auto json = schema.ReplyToJson(Lists(50), JsonStyle::kLine, reply);
  EXPECT_TRUE(json.outcome().Is(absl::StatusCode::kInternal)) << json.outcome();
  EXPECT_THAT(json.outcome().message(), HasSubstr("nests 100 levels"));
}

TEST(DeepReplyTest, AReplyThatNestsTooDeepIsRefusedWithTheLimit) {
  const Schema schema;
  google::protobuf::Value reply;
  const auto json = schema.ReplyToJson(Lists(51), JsonStyle::kLine, reply);
  EXPECT_TRUE(json.outcome().Is(absl::StatusCode::kInternal)) << json.outcome();
  EXPECT_THAT(json.outcome().message(),
              AllOf(HasSubstr("google.protobuf.Value"), HasSubstr("more than 100 levels")));
}

TEST(SchemaWithoutFilesTest, RefusesWhatIsNoDescriptor) {
  Schema schema;
  EXPECT_EQ(schema.AddFiles({"\xff\xff"}).status().code(), absl::StatusCode::kInternal);
}

TEST(SchemaWithoutFilesTest, RefusesAFileWhoseImportsAreMissing) {
  Schema schema;
  EXPECT_EQ(schema.AddFiles({SampleFiles().back()}).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace piperpc::cli
