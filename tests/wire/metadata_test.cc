#include "src/wire/metadata.h"

#include <gmock/gmock.h>

#include <string>

#include "piperpc/v1/frame.pb.h"
#include "src/wire/limits.h"
#include "wire/packets.h"

namespace piperpc::wire {
namespace {

using ::testing::HasSubstr;

TEST(MetadataTest, ComesBackInOrderWithItsRepeats) {
  const Metadata metadata = {
      {"trace-id", "7"}, {"a.b_c-9", std::string("\xff\x00", 2)}, {"trace-id", ""}};
  const absl::StatusOr<std::string> fields = EncodeMetadata(metadata, kEarlyMetadataBytes);
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_EQ(DecodeMetadata(*fields).value(), metadata);
}

TEST(MetadataTest, ProtobufReadsIt) {
  v1::FrameHeader header;
  ASSERT_TRUE(header.ParseFromString(EncodeMetadata({{"k", "v"}, {"l", ""}}, 100).value()));
  ASSERT_EQ(header.metadata_size(), 2);
  EXPECT_EQ(header.metadata(0).key(), "k");
  EXPECT_EQ(header.metadata(0).value(), "v");
  EXPECT_EQ(header.metadata(1).key(), "l");
}

TEST(MetadataTest, NoneIsNoBytes) {
  EXPECT_EQ(EncodeMetadata({}, 0).value(), "");
  EXPECT_TRUE(DecodeMetadata("").value().empty());
}

TEST(MetadataTest, LimitCountsEveryByte) {
  const Metadata metadata = {{"key", "value"}};  // 2 + 2 + 3 + 2 + 5
  EXPECT_TRUE(EncodeMetadata(metadata, 14).ok());
  const absl::Status status = EncodeMetadata(metadata, 13).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "the metadata has 14 bytes; the limit is 13");
}

TEST(MetadataTest, NoLimitIsAboveTheHardOne) {
  const Metadata metadata = {{"key", std::string(kMaxMetadataBytes, 'v')}};
  const absl::Status status = EncodeMetadata(metadata, 1 << 20).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("limit is 16384"));
}

TEST(MetadataTest, KeysThatAreNotAllowedAreNeitherSentNorTaken) {
  for (const std::string& key : {std::string(), std::string(65, 'k'), std::string("Upper"),
                                 std::string("sp ace"), std::string("nul\0", 4)}) {
    EXPECT_EQ(EncodeMetadata({{key, "v"}}, 1'000).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(DecodeMetadata(BytesField(6, BytesField(1, key))).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(MetadataTest, LongestKeyPasses) {
  EXPECT_TRUE(EncodeMetadata({{std::string(kMaxKeyBytes, 'k'), ""}}, 1'000).ok());
}

TEST(MetadataTest, BadKeyIsNamedByItsByte) {
  const absl::Status status = EncodeMetadata({{"key\x80", ""}}, 1'000).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("has the byte 0x80 at offset 3"));
}

TEST(MetadataTest, DamageInAnEntry) {
  EXPECT_THAT(std::string(DecodeMetadata(BytesField(6, "\x0a\x05k")).status().message()),
              HasSubstr("MetadataEntry of 3 bytes is damaged"));
}

TEST(MetadataTest, OtherFieldAmongTheMetadata) {
  EXPECT_THAT(std::string(DecodeMetadata(BytesField(4, "m")).status().message()),
              HasSubstr("field 4 among the metadata"));
}

}  // namespace
}  // namespace piperpc::wire
