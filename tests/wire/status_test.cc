#include "src/wire/status.h"

#include <gmock/gmock.h>

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "piperpc/v1/frame.pb.h"
#include "src/base/text.h"
#include "src/wire/limits.h"
#include "wire/packets.h"

namespace piperpc::wire {
namespace {

absl::Status RoundTrip(const absl::Status& status) {
  absl::Status decoded = absl::InternalError("never set");
  EXPECT_TRUE(DecodeStatus(EncodeStatus(status), decoded).ok());
  return decoded;
}

absl::Status Decoded(const v1::Status& status) {
  absl::Status decoded;
  EXPECT_TRUE(DecodeStatus(status.SerializeAsString(), decoded).ok());
  return decoded;
}

v1::Status Parsed(const absl::Status& status) {
  v1::Status parsed;
  EXPECT_TRUE(parsed.ParseFromString(EncodeStatus(status)));  // Refuses what is not UTF-8.
  return parsed;
}

TEST(StatusTest, EveryCanonicalCodeComesBack) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), code == 0 ? "" : "why");
    EXPECT_EQ(RoundTrip(status), status);
  }
}

TEST(StatusTest, DetailsComeBack) {
  absl::Status status = absl::AbortedError("with details");
  status.SetPayload("type.googleapis.com/a.B", absl::Cord("bytes \xff\x00"));
  status.SetPayload("type.googleapis.com/c.D", absl::Cord());
  EXPECT_EQ(RoundTrip(status), status);
}

TEST(StatusTest, ProtobufReadsIt) {
  absl::Status status = absl::NotFoundError("no file \xc3\xbc");
  status.SetPayload("type.googleapis.com/a.B", absl::Cord("value"));
  const v1::Status parsed = Parsed(status);
  EXPECT_EQ(parsed.code(), 5);
  EXPECT_EQ(parsed.message(), "no file \xc3\xbc");
  ASSERT_EQ(parsed.details_size(), 1);
  EXPECT_EQ(parsed.details(0).type_url(), "type.googleapis.com/a.B");
  EXPECT_EQ(parsed.details(0).value(), "value");
}

TEST(StatusTest, EmptyBytesAreOk) {
  absl::Status status = absl::InternalError("before");
  EXPECT_TRUE(DecodeStatus("", status).ok());
  EXPECT_TRUE(status.ok());
}

TEST(StatusTest, CodeThatIsNotCanonicalIsUnknownAndKeepsItsText) {
  for (int code : {17, 1000, -1}) {
    v1::Status status;
    status.set_code(code);
    status.set_message("from the future");
    EXPECT_EQ(Decoded(status), absl::UnknownError("from the future"));
  }
}

TEST(StatusTest, LongMessageIsCutAtACharacter) {
  std::string message;
  while (message.size() < 2 * kMaxStatusBytes) message += "\xe2\x82\xac";  // The euro sign.
  const absl::Status status = absl::InternalError(message);
  EXPECT_LE(EncodeStatus(status).size(), kMaxStatusBytes);
  const std::string cut = Parsed(status).message();
  EXPECT_GT(cut.size(), kMaxStatusBytes - 10);
  EXPECT_EQ(cut, message.substr(0, cut.size()));
  EXPECT_EQ(cut.size() % 3, 0u);
}

TEST(StatusTest, BytesThatAreNotUtf8BecomeQuestionMarks) {
  const std::string bad[] = {"\xff", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
  for (const std::string& bytes : bad) {
    const std::string cleaned =
        Parsed(absl::InternalError(absl::StrCat("a", bytes, "z"))).message();
    EXPECT_EQ(cleaned, absl::StrCat("a", std::string(bytes.size(), '?'), "z"));
  }
}

TEST(StatusTest, AllOfUtf8Passes) {
  const std::string text =
      "a\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 "
      "\xf4\x8f\xbf\xbf";
  EXPECT_EQ(Parsed(absl::InternalError(text)).message(), text);
}

TEST(StatusTest, DetailsThatDoNotFitAreLeftOut) {
  absl::Status status = absl::InternalError("small");
  status.SetPayload("big", absl::Cord(std::string(kMaxStatusBytes, 'x')));
  status.SetPayload("small", absl::Cord("y"));
  const absl::Status decoded = RoundTrip(status);
  EXPECT_EQ(decoded.message(), "small");
  EXPECT_FALSE(decoded.GetPayload("big").has_value());
  EXPECT_EQ(decoded.GetPayload("small"), absl::Cord("y"));
}

TEST(StatusTest, LargestDetailThatFitsIsSent) {
  absl::Status status = absl::InternalError("");
  const std::size_t overhead = 2 + 3 + 4 + 3 + 3;  // Code, url, value's, detail's tag and length.
  status.SetPayload("u", absl::Cord(std::string(kMaxStatusBytes - overhead + 1, 'x')));
  EXPECT_LE(EncodeStatus(status).size(), kMaxStatusBytes);
}

TEST(StatusTest, WhatIsLeftOutIsTold) {
  absl::Status status = absl::InternalError("why");
  EXPECT_EQ(LossOf(status).text_bytes, 0u);
  EXPECT_EQ(LossOf(status).details, 0u);
  for (std::size_t i = 0; i < kMaxStatusDetails + 2; ++i)
    status.SetPayload(absl::StrCat("type/", i), absl::Cord());
  EXPECT_EQ(LossOf(status).text_bytes, 0u);
  EXPECT_EQ(LossOf(status).details, 2u);

  status = absl::InternalError("why");
  status.SetPayload("type/large", absl::Cord(std::string(kMaxStatusBytes + 1, 'x')));
  EXPECT_EQ(LossOf(status).details, 1u);

  status = absl::InternalError(std::string(kMaxStatusBytes + 100, 'x'));
  EXPECT_GE(LossOf(status).text_bytes, 100u);
  EXPECT_EQ(LossOf(status).details, 0u);
}

TEST(StatusTest, DetailsAboveTheirNumberAreIgnored) {
  v1::Status many;
  many.set_code(13);
  for (std::size_t i = 0; i < kMaxStatusDetails + 10; ++i) {
    many.add_details()->set_type_url(absl::StrCat("type/", i));
  }
  std::size_t count = 0;
  Decoded(many).ForEachPayload([&](absl::string_view, const absl::Cord&) { ++count; });
  EXPECT_EQ(count, kMaxStatusDetails);
}

TEST(StatusTest, DamageIsNoStatus) {
  absl::Status status = absl::InternalError("before");
  for (const std::string& bytes :
       {FromBytes({0x08}), FromBytes({0x12, 0x05, 'a'}), BytesField(3, FromBytes({0x0a, 0x09}))}) {
    EXPECT_EQ(DecodeStatus(bytes, status).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(status, absl::InternalError("before"));
}

TEST(StatusTest, ReceivedBytesThatAreNotUtf8BecomeQuestionMarksToo) {
  absl::Status status;
  ASSERT_TRUE(DecodeStatus("\x08\x0d\x12\x04"
                           "a\xc3(\xff",
                           status)
                  .ok());
  EXPECT_EQ(status, absl::InternalError("a?(?"));
}

}  // namespace
}  // namespace piperpc::wire
