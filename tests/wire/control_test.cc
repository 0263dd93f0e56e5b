#include "src/wire/control.h"

#include <gmock/gmock.h>

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "piperpc/v1/frame.pb.h"
#include "src/wire/limits.h"
#include "wire/packets.h"

namespace piperpc::wire {
namespace {

using ::testing::HasSubstr;

Hello SomeHello() {
  Hello hello;
  hello.max_packet_bytes = 128 * 1024;
  hello.max_message_bytes = 4 * 1024 * 1024;
  hello.max_calls = 100;
  hello.max_metadata_bytes = 8 * 1024;
  hello.initial_credit = 256 * 1024;
  hello.implementation = "piperpc-test/1";
  return hello;
}

void ExpectRefused(const Hello& hello, const std::string& text) {
  const absl::Status status = DecodeHello(EncodeHello(hello)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST(HelloTest, ComesBack) {
  const std::string payload = EncodeHello(SomeHello());
  const absl::StatusOr<Hello> hello = DecodeHello(payload);
  ASSERT_TRUE(hello.ok()) << hello.status();
  EXPECT_EQ(hello->magic, kMagic);
  EXPECT_EQ(hello->min_version, kMinVersion);
  EXPECT_EQ(hello->max_version, kMaxVersion);
  EXPECT_EQ(hello->max_packet_bytes, 128u * 1024);
  EXPECT_EQ(hello->max_message_bytes, 4u * 1024 * 1024);
  EXPECT_EQ(hello->max_calls, 100u);
  EXPECT_EQ(hello->max_metadata_bytes, 8u * 1024);
  EXPECT_EQ(hello->initial_credit, 256u * 1024);
  EXPECT_EQ(hello->implementation, "piperpc-test/1");
}

TEST(HelloTest, IsWhatProtobufWrites) {
  v1::Hello proto;
  ASSERT_TRUE(proto.ParseFromString(EncodeHello(SomeHello())));
  EXPECT_EQ(proto.magic(), kMagic);
  EXPECT_EQ(proto.SerializeAsString(), EncodeHello(SomeHello()));
}

TEST(HelloTest, MagicSpellsPrpc) { EXPECT_EQ(EncodeHello(SomeHello()).substr(0, 5), "\x0dPRPC"); }

TEST(HelloTest, WrongMagic) {
  Hello hello = SomeHello();
  hello.magic = 0xbadcafe;
  ExpectRefused(hello, "magic 0x0badcafe, not 0x43505250");
}

TEST(HelloTest, WithoutAMagicIsRefused) {
  Hello hello = SomeHello();
  hello.magic = 0;
  ExpectRefused(hello, "magic 0x00000000, not 0x43505250");
}

TEST(HelloTest, IsKnownByItsMagicWhateverElseItHas) {
  Hello hello = SomeHello();
  hello.min_version = kMaxVersion + 1;
  hello.max_metadata_bytes = 1;
  EXPECT_TRUE(HasMagic(EncodeHello(hello)));
  EXPECT_TRUE(HasMagic(FromBytes({0x78, 0x01}) + EncodeHello(hello)));  // Field 15 comes first.
  hello.magic = kMagic + 1;
  EXPECT_FALSE(HasMagic(EncodeHello(hello)));
  EXPECT_FALSE(HasMagic({}));
  EXPECT_FALSE(HasMagic(std::string_view("GET / HTTP/1.1")));
}

TEST(HelloTest, EmptyPayload) {
  EXPECT_THAT(std::string(DecodeHello({}).status().message()), HasSubstr("magic 0x00000000"));
}

TEST(HelloTest, PayloadThatIsNoHello) {
  const std::string payload = "GET / HTTP/1.1";
  EXPECT_EQ(DecodeHello(payload).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HelloTest, LimitsBelowTheLeast) {
  Hello hello = SomeHello();
  hello.max_packet_bytes = kEarlyPacketBytes - 1;
  ExpectRefused(hello, "max_packet_bytes in Hello is 65535; it must be at least 65536");
  hello = SomeHello();
  hello.max_message_bytes = kEarlyMessageBytes - 1;
  ExpectRefused(hello, "max_message_bytes in Hello is 65535");
  hello = SomeHello();
  hello.max_calls = kEarlyCalls - 1;
  ExpectRefused(hello, "max_calls in Hello is 15");
  hello = SomeHello();
  hello.max_metadata_bytes = kEarlyMetadataBytes - 1;
  ExpectRefused(hello, "max_metadata_bytes in Hello is 8191");
  hello = SomeHello();
  hello.initial_credit = kEarlyCredit - 1;
  ExpectRefused(hello, "initial_credit in Hello is 65535");
}

TEST(HelloTest, LeastLimitsPass) {
  Hello hello = SomeHello();
  hello.max_packet_bytes = kEarlyPacketBytes;
  hello.max_message_bytes = kEarlyMessageBytes;
  hello.max_calls = kEarlyCalls;
  hello.max_metadata_bytes = kEarlyMetadataBytes;
  hello.initial_credit = kEarlyCredit;
  EXPECT_TRUE(DecodeHello(EncodeHello(hello)).ok());
}

TEST(HelloTest, ClientTakesNoCalls) {
  Hello hello = SomeHello();
  hello.max_calls = 0;
  EXPECT_TRUE(DecodeHello(EncodeHello(hello)).ok());
}

TEST(HelloTest, LimitsAboveTheHardOnesCountAsThose) {
  Hello hello = SomeHello();
  hello.max_message_bytes = ~std::uint64_t{0};
  hello.max_metadata_bytes = 1 << 30;
  const absl::StatusOr<Hello> decoded = DecodeHello(EncodeHello(hello));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->max_message_bytes, kMaxMessageBytes);
  EXPECT_EQ(decoded->max_metadata_bytes, kMaxMetadataBytes);
}

TEST(HelloTest, FieldsOfANewerVersionAreSteppedOver) {
  EXPECT_TRUE(DecodeHello(EncodeHello(SomeHello()) + BytesField(15, "new")).ok());
}

TEST(VersionTest, HighestOfBothRanges) {
  Hello theirs = SomeHello();
  EXPECT_EQ(ChooseVersion(theirs).value(), kMaxVersion);
  theirs.min_version = 0;
  theirs.max_version = kMaxVersion + 5;
  EXPECT_EQ(ChooseVersion(theirs).value(), kMaxVersion);
}

TEST(VersionTest, NoneInCommonNamesBothRanges) {
  Hello theirs = SomeHello();
  theirs.min_version = 7;
  theirs.max_version = 9;
  const absl::Status status = ChooseVersion(theirs).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "no version in common: the peer speaks 7 to 9, this side 1 to 1");
}

TEST(VersionTest, EmptyRangeHasNothingInCommon) {
  Hello theirs = SomeHello();
  theirs.min_version = kMaxVersion;
  theirs.max_version = kMinVersion - 1;
  EXPECT_FALSE(ChooseVersion(theirs).ok());
}

TEST(GoawayTest, ComesBack) {
  const std::string bytes = EncodeGoaway({absl::ResourceExhaustedError("too many"), 12});
  const absl::StatusOr<Goaway> goaway = DecodeGoaway(bytes);
  ASSERT_TRUE(goaway.ok());
  EXPECT_EQ(goaway->status, absl::ResourceExhaustedError("too many"));
  EXPECT_EQ(goaway->last_call_id, 12u);
}

TEST(GoawayTest, OrderlyOneIsTheEmptyMessage) {
  EXPECT_EQ(EncodeGoaway({}), "");
  const absl::StatusOr<Goaway> goaway = DecodeGoaway({});
  ASSERT_TRUE(goaway.ok());
  EXPECT_TRUE(goaway->status.ok());
}

TEST(GoawayTest, ProtobufReadsIt) {
  v1::Goaway proto;
  ASSERT_TRUE(proto.ParseFromString(EncodeGoaway({absl::AbortedError("why"), 3})));
  EXPECT_EQ(proto.status().code(), 10);
  EXPECT_EQ(proto.status().message(), "why");
  EXPECT_EQ(proto.last_call_id(), 3u);
}

// A frame's status has this limit in its header; the one of a goaway is in the payload.
TEST(GoawayTest, StatusAboveTheLimitIsRefusedAndOneAtTheLimitIsRead) {
  const auto with_text = [](std::size_t size) {  // Code 8, and that much text.
    v1::Goaway goaway;
    goaway.mutable_status()->set_code(8);
    goaway.mutable_status()->set_message(std::string(size, 'x'));
    return goaway.SerializeAsString();
  };
  constexpr std::size_t kOthers = 2 + 1 + VarintSize(kMaxStatusBytes - 1);
  const absl::StatusOr<Goaway> most = DecodeGoaway(with_text(kMaxStatusBytes - kOthers));
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_EQ(most->status.message().size(), kMaxStatusBytes - kOthers);
  const absl::Status refused = DecodeGoaway(with_text(kMaxStatusBytes - kOthers + 1)).status();
  EXPECT_EQ(refused,
            absl::InvalidArgumentError(absl::StrCat("the Status has ", kMaxStatusBytes + 1,
                                                    " bytes; the limit is ", kMaxStatusBytes)));
}

TEST(GoawayTest, Damage) {
  for (const std::string& payload : {FromBytes({0x10}), BytesField(1, FromBytes({0x08}))}) {
    EXPECT_EQ(DecodeGoaway(payload).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace piperpc::wire
