#include "conformance/damage.h"

namespace piperpc::conformance {
namespace {

constexpr std::uint32_t kMaxHeader = kMaxHeaderBytes;
constexpr std::uint32_t kWireTypes = 8;
constexpr std::uint32_t kBytesType = 2;
constexpr const char* kFieldNames[] = {"",        "Kind",     "CallId", "Flags",  "Method",
                                       "Timeout", "Metadata", "Status", "Credit", "MessageSize"};

const FrameHeader kPingHeader{.kind = FrameKind::kPing};

// A header of a PING with these lengths, whatever they are, before it and behind it.
std::string PingWithLengths(std::uint32_t header, std::uint32_t payload) {
  return U32(header) + HeaderOf(kPingHeader) + U32(payload) + "payload";
}

bool IsBytes(std::uint32_t field) {
  return field == kMethod || field == kMetadata || field == kStatus;
}

std::string StatusField(std::string_view status) { return BytesField(1, status); }

Damage OfHeader(std::string name, std::string_view fields, const char* text) {
  return {std::move(name), PingWith(fields), text};
}

// Each known field, in each wire type that is not its own: also on a kind that has no use for it.
std::vector<Damage> WrongWireTypes() {
  std::vector<Damage> all;
  for (std::uint32_t field = kKind; field <= kMessageSize; ++field) {
    for (std::uint32_t type = 0; type < kWireTypes; ++type) {
      if (type == (IsBytes(field) ? kBytesType : 0)) continue;
      all.push_back(OfHeader(std::string(kFieldNames[field]) + "OfWireType" + std::to_string(type),
                             FieldOfType(field, type), "FrameHeader"));
    }
  }
  for (const std::uint32_t type : {3u, 4u, 6u, 7u}) {
    all.push_back(OfHeader("UnknownFieldOfWireType" + std::to_string(type), FieldOfType(10, type),
                           "FrameHeader"));
  }
  return all;
}

}  // namespace

std::string PingWith(std::string_view fields) {
  return RawFrame(HeaderOf(kPingHeader) + std::string(fields), "p");
}

std::string PingWithHeaderOf(std::size_t size) {
  const std::string kind = HeaderOf(kPingHeader);
  const std::size_t overhead =
      kind.size() + BytesField(100, std::string(size / 2, 'x')).size() - size / 2;
  return PingWith(BytesField(100, std::string(size - overhead, 'x')));
}

std::vector<Damage> DamagedLengths() {
  return {
      {"HeaderLengthOf1Byte", std::string(1, '\2'), "ends inside the header length: 1 bytes of 4"},
      {"HeaderLengthOf2Bytes", std::string("\2\0", 2),
       "ends inside the header length: 2 bytes of 4"},
      {"HeaderLengthOf3Bytes", std::string("\2\0\0", 3),
       "ends inside the header length: 3 bytes of 4"},
      {"HeaderLengthAlone", U32(2), "header length 2 is more than"},
      {"HeaderOneByteLongerThanPacket", U32(3) + HeaderOf(kPingHeader),
       "header length 3 is more than"},
      {"HeaderLongerThanPacket", PingWithLengths(1000, 0), "header length 1000 is more than"},
      {"HeaderAsLongAsTheLimitAndNotThere", PingWithLengths(kMaxHeader, 0),
       "header length 65536 is more than"},
      {"HeaderAboveTheLimit", PingWithHeaderOf(kMaxHeader + 1),
       "header length 65537 is above 65536"},
      {"HeaderOf2GiB", PingWithLengths(0x80000000, 0), "header length 2147483648 is above"},
      {"HeaderOf4GiB", PingWithLengths(0xffffffff, 0), "header length 4294967295 is above"},
      {"PayloadLengthMissing", U32(2) + HeaderOf(kPingHeader),
       "ends inside the payload length: 0 bytes of 4"},
      {"PayloadLengthOf3Bytes", U32(2) + HeaderOf(kPingHeader) + std::string(3, '\0'),
       "ends inside the payload length: 3 bytes of 4"},
      {"PayloadOneByteLongerThanPacket", PingWithLengths(2, 8), "payload length 8 is more than"},
      {"PayloadOf2GiB", PingWithLengths(2, 0x80000000), "payload length 2147483648 is more than"},
      {"PayloadOf4GiB", PingWithLengths(2, 0xffffffff), "payload length 4294967295 is more than"},
      {"LengthsInBigEndian", std::string("\0\0\0\2", 4) + HeaderOf(kPingHeader) + U32(0),
       "header length 33554432 is above"},
      {"TextInPlaceOfAFrame", "GET / HTTP/1.1\r\n\r\n", "header length"},
  };
}

std::vector<Damage> DamagedFields() {
  const std::string size = Varint(0xffffffffffffffff);
  std::vector<Damage> all = {
      OfHeader("FieldNumberZero", Hex("0001"), "an invalid tag"),
      OfHeader("FieldNumberAboveTheLargest", Varint(std::uint64_t{1} << 32) + "x",
               "an invalid tag"),
      OfHeader("TagOf11Bytes", Repeat("\xff", 10) + "\x01", "an invalid tag"),
      OfHeader("TagCutOff", Hex("80"), "an invalid tag"),
      OfHeader("VarintCutOff", Hex("10 80"), "a varint that is cut off"),
      OfHeader("VarintAbove64Bits", Hex("10 ffffffffffffffffff 02"), "a varint that is"),
      OfHeader("VarintOf11Bytes", Hex("10 80808080808080808080 00"), "a varint that is"),
      OfHeader("UnknownVarintCutOff", Hex("50 80"), "a varint that is cut off"),
      OfHeader("UnknownFixed64CutOff", Hex("51 01020304050607"), "a fixed64 that is cut off"),
      OfHeader("UnknownFixed32CutOff", Hex("55 010203"), "a fixed32 that is cut off"),
      OfHeader("UnknownBytesLongerThanHeader", Hex("52 05 01"), "longer than the message"),
      OfHeader("MethodLongerThanHeader", Hex("22 05 61"), "longer than the message"),
      OfHeader("MethodOf64BitLength", "\x22" + size, "longer than the message"),
      OfHeader("MetadataOf64BitLength", "\x32" + size, "longer than the message"),
      OfHeader("StatusOf64BitLength", "\x3a" + size, "longer than the message"),
      OfHeader("GroupWithItsEnd", Hex("53 54"), "a wire type other than"),
      OfHeader("KindAbove32Bits", VarintField(kKind, std::uint64_t{1} << 32), "kind 4294967296"),
      OfHeader("KindOf64Bits", VarintField(kKind, ~std::uint64_t{0}), "kind 18446744073709551615"),
      OfHeader("FlagsAbove32Bits", VarintField(kFlags, std::uint64_t{1} << 32), "flags 4294967296"),
      OfHeader("MethodAboveTheLimit", BytesField(kMethod, std::string(1025, 'm')), "1025 is above"),
      OfHeader("StatusAboveTheLimit", BytesField(kStatus, std::string(16'385, 's')),
               "16385 is above"),
      OfHeader("MetadataAboveTheLimit", BytesField(kMetadata, std::string(16'382, 'm')),
               "16385 is above"),
      OfHeader("MetadataAboveTheLimitInAll",
               Repeat(BytesField(kMetadata, std::string(1021, 'm')), 17), "17408 is above"),
      OfHeader("TwoStatuses", BytesField(kStatus, "") + BytesField(kStatus, ""), "more than one"),
      OfHeader("MetadataInTwoPlaces",
               BytesField(kMetadata, "") + VarintField(kCredit, 1) + BytesField(kMetadata, ""),
               "not consecutive"),
      OfHeader("MetadataAroundAnUnknownField",
               BytesField(kMetadata, "") + VarintField(77, 1) + BytesField(kMetadata, ""),
               "not consecutive"),
  };
  const std::vector<Damage> more = WrongWireTypes();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<Damage> DamagedGoaways() {
  return {
      {"GoawayOfGarbage", Goaway(Hex("ffffff")), "Goaway"},
      {"GoawayCutOff", Goaway(Hex("0a 05 080d 12")), "Goaway"},
      {"GoawayWithAGroup", Goaway(Hex("7b 7c")), "Goaway"},
      {"GoawayWithAnUnknownWireType", Goaway(Hex("57")), "Goaway"},
      {"GoawayWithFieldNumberZero", Goaway(Hex("00 01")), "Goaway"},
      {"GoawayOfAStatusThatIsNone", Goaway(StatusField(Hex("ffffff"))), "Status"},
      {"GoawayOfAStatusCutOff", Goaway(StatusField(Hex("080d 12 05 78"))), "Status"},
      {"GoawayOfAStatusWithAGroup", Goaway(StatusField(Hex("080d 3b 3c"))), "Status"},
      {"GoawayOfADetailThatIsNone", Goaway(StatusField(Hex("080d 1a 02 0a05"))), "StatusDetail"},
      {"GoawayOfAStatusThatIsTooLong", Goaway(StatusField(BytesField(2, std::string(16'382, 'x')))),
       "16385 bytes"},
  };
}

}  // namespace piperpc::conformance
