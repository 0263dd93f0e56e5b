// Whole frames pass; each way to damage one has a test with its name.
#include "src/wire/frame.h"

#include <gmock/gmock.h>

#include <limits>
#include <string>

#include "src/wire/limits.h"
#include "wire/packets.h"

namespace piperpc::wire {
namespace {

using ::testing::HasSubstr;

// The packet's first frame is refused, and the text says what was wrong.
void ExpectDamage(const std::string& packet, const std::string& text) {
  const absl::StatusOr<Frame> frame = FirstFrame(packet);
  ASSERT_FALSE(frame.ok());
  EXPECT_EQ(frame.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(frame.status().message()), HasSubstr(text));
}

TEST(FrameTest, EveryFieldComesBack) {
  FrameHeader header = SomeRequest();
  const std::string metadata =
      BytesField(6, BytesField(1, "k")) + BytesField(6, BytesField(1, "l"));
  header.metadata = metadata;
  header.status = "\x08\x05";
  header.has_status = true;
  header.credit = 1 << 20;
  header.message_size = 0xffff'ffff'ffff'ffff;
  const std::string packet = EncodeFrame(header, "payload");

  const absl::StatusOr<Frame> frame = FirstFrame(packet);

  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->header.kind, FrameKind::kRequest);
  EXPECT_EQ(frame->header.call_id, 7u);
  EXPECT_TRUE(frame->header.end());
  EXPECT_FALSE(frame->header.more());
  EXPECT_FALSE(frame->header.optional());
  EXPECT_EQ(frame->header.method, "upper.v1.UpperService/Uppercase");
  EXPECT_EQ(frame->header.timeout_us, 1'500'000u);
  EXPECT_EQ(frame->header.metadata, metadata);
  EXPECT_EQ(frame->header.status, "\x08\x05");
  EXPECT_EQ(frame->header.credit, 1u << 20);
  EXPECT_EQ(frame->header.message_size, 0xffff'ffff'ffff'ffffu);
  EXPECT_EQ(Text(frame->payload), "payload");
}

TEST(FrameTest, ViewsLieInThePacket) {
  const std::string packet = EncodeFrame(SomeRequest(), "payload");
  const absl::StatusOr<Frame> frame = FirstFrame(packet);
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(frame->payload.data(), packet.data() + packet.size() - 7);
  EXPECT_GT(frame->header.method.data(), packet.data());
  EXPECT_LT(frame->header.method.data(), packet.data() + packet.size());
}

TEST(FrameTest, PacketOfSeveralFrames) {
  FrameHeader ping;
  ping.kind = FrameKind::kPing;
  const std::string packet =
      EncodeFrame(SomeRequest(), "one") + EncodeFrame(ping, "") + EncodeFrame(ping, "three");
  PacketReader reader(packet);
  Frame frame;
  for (const std::string_view payload : {"one", "", "three"}) {
    ASSERT_FALSE(reader.done());
    ASSERT_TRUE(reader.Next(frame)) << reader.damage();
    EXPECT_EQ(Text(frame.payload), payload);
  }
  EXPECT_TRUE(reader.done());
}

TEST(FrameTest, PrefixSizeIsAllBeforeThePayload) {
  EXPECT_EQ(FramePrefixSize(SomeRequest()) + 7, FrameSize(SomeRequest(), 7));
}

TEST(FrameTest, BoundOfTheSizeHoldsForTheLongestOfAllFields) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::string method(kMaxMethodBytes, 'm');
  const std::string status(kMaxStatusBytes, 's');
  const FrameHeader header{.kind = static_cast<FrameKind>(~0u),
                           .call_id = kMost,
                           .flags = ~0u,
                           .method = method,
                           .timeout_us = kMost,
                           .status = status,
                           .has_status = true,
                           .credit = kMost,
                           .message_size = kMost};
  EXPECT_GE(FrameSizeBound(header, 9), FrameSize(header, 9));
  EXPECT_GE(FrameSizeBound({}, 0), FrameSize({}, 0));
}

TEST(FrameTest, PrefixOfAMessageIsThatOfItsHeader) {
  for (const std::uint64_t call_id : {1ull, 127ull, 128ull, 1ull << 62, ~0ull}) {
    const FrameHeader header{.kind = FrameKind::kMessage, .call_id = call_id};
    std::string prefix(kMessagePrefixBound, '\0');
    const char* const end = EncodeMessagePrefix(call_id, 300, prefix.data());
    prefix.resize(static_cast<std::size_t>(end - prefix.data()));
    std::string expected(FramePrefixSize(header), '\0');
    EncodeFramePrefix(header, 300, expected.data());
    EXPECT_EQ(prefix, expected) << call_id;
  }
}

TEST(FrameTest, EmptyStatusIsNotAbsentStatus) {
  FrameHeader header;
  header.has_status = true;
  const std::string packet = EncodeFrame(header, "");
  EXPECT_TRUE(FirstFrame(packet).value().header.has_status);
  EXPECT_FALSE(FirstFrame(FrameWithHeader("")).value().header.has_status);
}

TEST(FrameTest, UnknownKindIsLeftToTheSession) {
  const std::string packet = FrameWithHeader(FromBytes({0x08, 0x63, 0x18, 0x04}));
  const absl::StatusOr<Frame> frame = FirstFrame(packet);
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(static_cast<int>(frame->header.kind), 99);
  EXPECT_TRUE(frame->header.optional());
}

TEST(FrameTest, KindsBelowAndAboveTheNamedOnesAreUnknown) {
  EXPECT_TRUE(IsUnknown(FrameKind{}));
  EXPECT_FALSE(IsUnknown(FrameKind::kHello));
  EXPECT_FALSE(IsUnknown(FrameKind::kGoaway));
  EXPECT_TRUE(IsUnknown(static_cast<FrameKind>(11)));
}

TEST(FrameTest, UnknownFieldsAreSteppedOver) {
  const std::string unknown = FromBytes({0x50, 0x80, 0x01,                            // 10: varint
                                         0x5a, 0x02, 'x',  'y',                       // 11: bytes
                                         0x65, 1,    2,    3,    4,                   // 12: fixed32
                                         0x69, 1,    2,    3,    4,    5,   6, 7, 8,  // 13: fixed64
                                         0xf8, 0xff, 0xff, 0xff, 0x0f, 0x2a});        // 2^29 - 1
  const std::string packet = FrameWithHeader(FromBytes({0x08, 0x02}) + unknown +      //
                                             FromBytes({0x10, 0x05}));
  const absl::StatusOr<Frame> frame = FirstFrame(packet);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->header.kind, FrameKind::kRequest);
  EXPECT_EQ(frame->header.call_id, 5u);
}

TEST(FrameTest, OfAFieldGivenTwiceTheLastCounts) {
  const std::string packet = FrameWithHeader(FromBytes({0x10, 0x01}) + BytesField(4, "a.B/C") +
                                             FromBytes({0x10, 0x02}) + BytesField(4, "d.E/F"));
  const absl::StatusOr<Frame> frame = FirstFrame(packet);
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(frame->header.call_id, 2u);
  EXPECT_EQ(frame->header.method, "d.E/F");
}

TEST(FrameTest, LongestMethodPasses) {
  FrameHeader header;
  const std::string method(kMaxMethodBytes, 'm');
  header.method = method;
  const std::string packet = EncodeFrame(header, "");
  EXPECT_EQ(FirstFrame(packet).value().header.method, method);
}

TEST(FrameTest, LargestHeaderPasses) {
  // Field 15, unknown, of 64 KiB less its own tag and length.
  const std::string header = BytesField(15, std::string(kMaxHeaderBytes - 4, 'x'));
  ASSERT_EQ(header.size(), kMaxHeaderBytes);
  EXPECT_TRUE(FirstFrame(FrameWithHeader(header)).ok());
}

TEST(FrameDamageTest, TruncatedHeaderLength) {
  ExpectDamage(FromBytes({2, 0, 0}), "inside the header length: 3 bytes of 4");
}

TEST(FrameDamageTest, HeaderLongerThanPacket) {
  ExpectDamage(LengthPrefix(3) + "\x08\x01",
               "header length 3 is more than the packet's remaining bytes, 2");
}

TEST(FrameDamageTest, HeaderAboveLimit) {
  ExpectDamage(LengthPrefix(65'537) + std::string(70'000, '\0'),
               "header length 65537 is above 65536");
}

TEST(FrameDamageTest, HeaderLengthOfFourGigabytes) {
  ExpectDamage(LengthPrefix(0xffff'ffff), "header length 4294967295 is above 65536");
}

TEST(FrameDamageTest, MissingPayloadLength) {
  ExpectDamage(LengthPrefix(2) + "\x08\x01", "inside the payload length: 0 bytes of 4");
}

TEST(FrameDamageTest, TruncatedPayloadLength) {
  ExpectDamage(LengthPrefix(0) + FromBytes({1, 0}), "inside the payload length: 2 bytes");
}

TEST(FrameDamageTest, PayloadLongerThanPacket) {
  ExpectDamage(LengthPrefix(0) + LengthPrefix(10) + "nine byte",
               "payload length 10 is more than the packet's remaining bytes, 9");
}

TEST(FrameDamageTest, PayloadLengthOfFourGigabytes) {
  ExpectDamage(LengthPrefix(0) + LengthPrefix(0xffff'ffff), "payload length 4294967295 is more");
}

TEST(FrameDamageTest, BytesAfterTheLastFrame) {
  const std::string packet = EncodeFrame(SomeRequest(), "") + "x";
  PacketReader reader(packet);
  Frame frame;
  ASSERT_TRUE(reader.Next(frame)) << reader.damage();
  EXPECT_FALSE(reader.done());
  EXPECT_FALSE(reader.Next(frame));
}

TEST(FrameDamageTest, NothingIsReadBehindDamage) {
  const std::string packet = FrameWithHeader("\x08") + EncodeFrame(SomeRequest(), "");
  PacketReader reader(packet);
  Frame frame;
  EXPECT_FALSE(reader.Next(frame));
  EXPECT_TRUE(absl::IsInvalidArgument(reader.damage())) << reader.damage();
  EXPECT_TRUE(reader.done());
}

TEST(FrameDamageTest, TagCutOff) {
  ExpectDamage(FrameWithHeader(FromBytes({0x08, 0x01, 0x90})), "an invalid tag, at byte 2");
}

TEST(FrameDamageTest, FieldNumberZero) {
  ExpectDamage(FrameWithHeader(FromBytes({0x00, 0x01})), "an invalid tag, at byte 0");
}

TEST(FrameDamageTest, FieldNumberAboveProtobufsLimit) {
  ExpectDamage(FrameWithHeader(FromBytes({0x80, 0x80, 0x80, 0x80, 0x10, 0x01})), "invalid tag");
}

TEST(FrameDamageTest, VarintCutOff) {
  ExpectDamage(FrameWithHeader(FromBytes({0x10, 0xff, 0xff})), "a varint that is cut off");
}

TEST(FrameDamageTest, CallIdCutOffBehindItsKind) {
  ExpectDamage(FrameWithHeader(FromBytes({0x08, 0x03, 0x10})), "a varint that is cut off");
  ExpectDamage(FrameWithHeader(FromBytes({0x08, 0x03, 0x10, 0x80})), "a varint that is cut off");
}

TEST(FrameDamageTest, DamageBehindTheCallIdIsToldWithItsPlace) {
  ExpectDamage(FrameWithHeader(FromBytes({0x08, 0x03, 0x10, 0x01, 0x00})),
               "an invalid tag, at byte 4");
}

TEST(FrameDamageTest, VarintAbove64Bits) {
  ExpectDamage(FrameWithHeader(
                   FromBytes({0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02})),
               "above 64 bits");
}

TEST(FrameDamageTest, FieldLongerThanHeader) {
  ExpectDamage(FrameWithHeader(FromBytes({0x22, 0x04, 'a', 'b', 'c'})),
               "a field that is longer than the message");
}

TEST(FrameDamageTest, FieldLengthOf64Bits) {
  ExpectDamage(FrameWithHeader(
                   FromBytes({0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})),
               "a field that is longer than the message");
}

TEST(FrameDamageTest, Fixed32CutOff) {
  ExpectDamage(FrameWithHeader(FromBytes({0x65, 1, 2, 3})), "a fixed32 that is cut off");
}

TEST(FrameDamageTest, Fixed64CutOff) {
  ExpectDamage(FrameWithHeader(FromBytes({0x69, 1, 2, 3, 4, 5, 6, 7})),
               "a fixed64 that is cut off");
}

TEST(FrameDamageTest, Group) {
  ExpectDamage(FrameWithHeader(FromBytes({0x53, 0x54})), "a wire type other than 0, 1, 2 and 5");
}

TEST(FrameDamageTest, UnknownWireType) {
  ExpectDamage(FrameWithHeader(FromBytes({0x57})), "a wire type other than 0, 1, 2 and 5");
}

TEST(FrameDamageTest, KnownFieldOfAnotherWireType) {
  ExpectDamage(FrameWithHeader(BytesField(2, "id")), "field 2 has wire type 2");
  ExpectDamage(FrameWithHeader(FromBytes({0x20, 0x01})), "field 4 has wire type 0");
}

TEST(FrameDamageTest, KindAbove32Bits) {
  ExpectDamage(FrameWithHeader(FromBytes({0x08, 0x82, 0x80, 0x80, 0x80, 0x10})),
               "kind 4294967298 is above 4294967295");
}

TEST(FrameDamageTest, FlagsAbove32Bits) {
  ExpectDamage(FrameWithHeader(FromBytes({0x18, 0x80, 0x80, 0x80, 0x80, 0x10})),
               "flags 4294967296 is above 4294967295");
}

TEST(FrameDamageTest, MethodAboveLimit) {
  ExpectDamage(FrameWithHeader(BytesField(4, std::string(kMaxMethodBytes + 1, 'm'))),
               "method length 1025 is above 1024");
}

TEST(FrameDamageTest, MetadataAboveLimit) {
  // Each entry is below the limit, together they are not.
  const std::string entry = BytesField(6, std::string(9'000, 'x'));
  ExpectDamage(FrameWithHeader(entry + entry), "metadata size 18006 is above 16384");
}

TEST(FrameDamageTest, MetadataInTwoPlaces) {
  const std::string entry = BytesField(6, BytesField(1, "key"));
  ExpectDamage(FrameWithHeader(entry + FromBytes({0x08, 0x02}) + entry),
               "the metadata entries are not consecutive");
}

TEST(FrameDamageTest, StatusAboveLimit) {
  ExpectDamage(FrameWithHeader(BytesField(7, std::string(kMaxStatusBytes + 1, 's'))),
               "status size 16385 is above 16384");
}

TEST(FrameDamageTest, TwoStatuses) {
  ExpectDamage(FrameWithHeader(BytesField(7, "") + BytesField(7, "")), "more than one status");
}

}  // namespace
}  // namespace piperpc::wire
