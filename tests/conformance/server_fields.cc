// Headers that are no FrameHeader, and unusual ones that are.
#include <initializer_list>

#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

ServerCase SteppedOver(std::string name, std::string_view fields) {
  return {.name = std::move(name), .packets = {PingWith(fields)}, .expected = {Pongs("p")}};
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
  ServerCases cases = ErrorsOf(DamagedFields());
  UnknownFields(cases);
  const ServerCases unusual = Unusual();
  cases.insert(cases.end(), unusual.begin(), unusual.end());
  return cases;
}

}  // namespace piperpc::conformance
