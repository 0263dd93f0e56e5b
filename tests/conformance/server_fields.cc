// Headers that are no FrameHeader, and unusual ones that are.
#include <initializer_list>

#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr std::uint32_t kFieldCount = 9;
constexpr std::uint32_t kWireTypes = 8;
constexpr const char* kFieldNames[] = {"",        "Kind",     "CallId", "Flags",  "Method",
                                       "Timeout", "Metadata", "Status", "Credit", "MessageSize"};

bool IsBytes(std::uint32_t field) {
  return field == kMethod || field == kMetadata || field == kStatus;
}

// A PING with these fields before, or behind, its kind.
std::string PingWith(std::string_view fields) {
  return RawFrame(HeaderOf({.kind = FrameKind::kPing}) + std::string(fields), "p");
}

ServerCase Damage(std::string name, std::string_view fields, std::string_view text) {
  return {
      .name = std::move(name), .packets = {PingWith(fields)}, .expected = {ProtocolError(text)}};
}

ServerCase SteppedOver(std::string name, std::string_view fields) {
  return {.name = std::move(name), .packets = {PingWith(fields)}, .expected = {Pongs("p")}};
}

// Each known field, in each wire type that is not its own: also on a kind that has no use for it.
void WrongWireTypes(ServerCases& cases) {
  for (std::uint32_t field = 1; field <= kFieldCount; ++field) {
    for (std::uint32_t type = 0; type < kWireTypes; ++type) {
      if (type == (IsBytes(field) ? 2u : 0u)) continue;
      cases.push_back(Damage(std::string(kFieldNames[field]) + "OfWireType" + std::to_string(type),
                             FieldOfType(field, type), "FrameHeader"));
    }
  }
}

void UnknownFields(ServerCases& cases) {
  constexpr std::uint32_t kLargestNumber = (1u << 29) - 1;
  for (const std::uint32_t number : {10u, 15u, 16u, 19'000u, kLargestNumber}) {
    for (const std::uint32_t type : {0u, 1u, 2u, 5u}) {
      cases.push_back(
          SteppedOver("UnknownField" + std::to_string(number) + "OfWireType" + std::to_string(type),
                      FieldOfType(number, type)));
    }
  }
  for (const std::uint32_t type : {3u, 4u, 6u, 7u}) {
    cases.push_back(Damage("UnknownFieldOfWireType" + std::to_string(type), FieldOfType(10, type),
                           "FrameHeader"));
  }
}

ServerCases Damaged() {
  const std::string size = Varint(0xffffffffffffffff);
  return {
      Damage("FieldNumberZero", Hex("0001"), "an invalid tag"),
      Damage("FieldNumberAboveTheLargest", Varint(std::uint64_t{1} << 32) + "x", "an invalid tag"),
      Damage("TagOf11Bytes", Repeat("\xff", 10) + "\x01", "an invalid tag"),
      Damage("TagCutOff", Hex("80"), "an invalid tag"),
      Damage("VarintCutOff", Hex("10 80"), "a varint that is cut off"),
      Damage("VarintAbove64Bits", Hex("10 ffffffffffffffffff 02"), "a varint that is"),
      Damage("VarintOf11Bytes", Hex("10 80808080808080808080 00"), "a varint that is"),
      Damage("UnknownVarintCutOff", Hex("50 80"), "a varint that is cut off"),
      Damage("UnknownFixed64CutOff", Hex("51 01020304050607"), "a fixed64 that is cut off"),
      Damage("UnknownFixed32CutOff", Hex("55 010203"), "a fixed32 that is cut off"),
      Damage("UnknownBytesLongerThanHeader", Hex("52 05 01"), "longer than the message"),
      Damage("MethodLongerThanHeader", Hex("22 05 61"), "longer than the message"),
      Damage("MethodOf64BitLength", "\x22" + size, "longer than the message"),
      Damage("MetadataOf64BitLength", "\x32" + size, "longer than the message"),
      Damage("StatusOf64BitLength", "\x3a" + size, "longer than the message"),
      Damage("GroupWithItsEnd", Hex("53 54"), "a wire type other than"),
      Damage("KindAbove32Bits", VarintField(kKind, std::uint64_t{1} << 32), "kind 4294967296"),
      Damage("KindOf64Bits", VarintField(kKind, ~std::uint64_t{0}), "kind 18446744073709551615"),
      Damage("FlagsAbove32Bits", VarintField(kFlags, std::uint64_t{1} << 32), "flags 4294967296"),
      Damage("MethodAboveTheLimit", BytesField(kMethod, std::string(1025, 'm')), "1025 is above"),
      Damage("StatusAboveTheLimit", BytesField(kStatus, std::string(16'385, 's')),
             "16385 is above"),
      Damage("MetadataAboveTheLimit", BytesField(kMetadata, std::string(16'382, 'm')),
             "16385 is above"),
      Damage("MetadataAboveTheLimitInAll",
             Repeat(BytesField(kMetadata, std::string(1021, 'm')), 17), "17408 is above"),
      Damage("TwoStatuses", BytesField(kStatus, "") + BytesField(kStatus, ""), "more than one"),
      Damage("MetadataInTwoPlaces",
             BytesField(kMetadata, "") + VarintField(kCredit, 1) + BytesField(kMetadata, ""),
             "not consecutive"),
      Damage("MetadataAroundAnUnknownField",
             BytesField(kMetadata, "") + VarintField(77, 1) + BytesField(kMetadata, ""),
             "not consecutive"),
  };
}

ServerCases Unusual() {
  const std::string twice = VarintField(kKind, 4) + VarintField(kFlags, 1) + VarintField(kKind, 8) +
                            VarintField(kFlags, 0);
  return {
      SteppedOver("FieldsGivenTwice", twice),
      {.name = "FieldsInTheReverseOrder",
       .packets = {RawFrame(BytesField(kMethod, kEcho) + VarintField(kFlags, wire::kEnd) +
                                VarintField(kCallId, 1) + VarintField(kKind, 2),
                            "reverse")},
       .expected = {Replies(1, "reverse")}},
      {.name = "LastOfTwoMethods",
       .packets = {RawFrame(
           HeaderOf({.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd}) +
               BytesField(kMethod, "no.such/Method") + BytesField(kMethod, kEcho),
           "last")},
       .expected = {Replies(1, "last")}},
      {.name = "VarintsOf10Bytes",
       .packets = {RawFrame(Hex("08 88808080808080808000"), "p")},
       .expected = {Pongs("p")}},
      {.name = "AllFieldsOnAPing",
       .packets = {PingWith(VarintField(kCallId, 9) + VarintField(kFlags, 3) +
                            BytesField(kMethod, "m") + VarintField(kTimeout, 1) +
                            BytesField(kMetadata, Hex("ff")) + BytesField(kStatus, Hex("ffff")) +
                            VarintField(kCredit, 5) + VarintField(kMessageSize, 99))},
       .expected = {Pongs("p")}},
      SteppedOver("FlagsThatNobodyKnows", VarintField(kFlags, 0xfffffff8)),
      SteppedOver("MethodOfTheLimit", BytesField(kMethod, std::string(1024, 'm'))),
      SteppedOver("StatusOfTheLimit", BytesField(kStatus, std::string(16'384, 's'))),
      SteppedOver("MetadataOfTheLimit", BytesField(kMetadata, std::string(16'381, 'm'))),
      {.name = "HeaderOfNothing",
       .packets = {std::string(8, '\0')},
       .expected = {ProtocolError("kind 0")}},
      {.name = "CallIdOf64Bits",
       .packets = {Request(~std::uint64_t{0}, kEcho, "last")},
       .expected = {Replies(~std::uint64_t{0}, "last")}},
  };
}

}  // namespace

ServerCases Fields() {
  ServerCases cases;
  WrongWireTypes(cases);
  UnknownFields(cases);
  for (const ServerCases& more : {Damaged(), Unusual()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

}  // namespace piperpc::conformance
