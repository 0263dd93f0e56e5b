// Kinds that nobody knows, and those that only a server may send, in every state.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

std::string OfKind(std::uint32_t kind, std::uint32_t flags, std::string_view payload = {}) {
  return Encode({.kind = static_cast<FrameKind>(kind), .call_id = 1, .flags = flags}, payload);
}

ServerCase Refused(std::uint32_t kind, std::uint32_t flags) {
  const std::string number = std::to_string(kind);
  return {
      .name = "Kind" + number + (flags == 0 ? "" : "WithFlags" + std::to_string(flags)),
      .packets = {OfKind(kind, flags)},
      .expected = {ProtocolError(
          kind == 1 ? "a connection has one Hello, and this is the second"
                    : "a frame of kind " + number +
                          " for call 1, which is unknown, or not one that this peer may send")}};
}

ServerCase Ignored(std::uint32_t kind) {
  return {.name = "Kind" + std::to_string(kind) + "Optional",
          .packets = {OfKind(kind, wire::kOptional, "new")},
          .expected = {}};
}

constexpr std::uint32_t kMost = 0xffffffff;

ServerCases Unusual() {
  FrameHeader full{.kind = static_cast<FrameKind>(99), .call_id = 12345, .flags = 0xfffffffc};
  full.method = kEcho;
  full.timeout_us = 1;
  full.metadata = "\x32\x01\xff";
  full.status = "\xff\xff";
  full.has_status = true;
  full.credit = 7;
  full.message_size = 1;
  const FrameHeader optional_request{.kind = FrameKind::kRequest,
                                     .call_id = 1,
                                     .flags = wire::kEnd | wire::kOptional,
                                     .method = kEcho};
  return {
      {.name = "OptionalOfManyFields", .packets = {Encode(full, std::string(60'000, 'x'))}},
      {.name = "OptionalOnAPing",
       .packets = {OfKind(8, wire::kOptional, "p")},
       .expected = {Pongs("p")}},
      {.name = "OptionalOnARequest",
       .packets = {Encode(optional_request, "served")},
       .expected = {Replies(1, "served")}},
      {.name = "OptionalOnAPingThatIsTooLarge",
       .packets = {OfKind(8, wire::kOptional, std::string(65, 'p'))},
       .expected = {ProtocolError("the ping has 65 bytes")}},
      {.name = "OptionalOnAMessageOfACallNeverBegun",
       .packets = {OfKind(3, wire::kOptional)},
       .expected = {ProtocolError("never begun")}},
  };
}

}  // namespace

ServerCases Kinds() {
  ServerCases refused;
  for (const std::uint32_t kind : {0u, 1u, 5u, 11u, 128u, kMost})
    refused.push_back(Refused(kind, 0));
  for (const std::uint32_t kind : {1u, 5u}) refused.push_back(Refused(kind, wire::kOptional));
  refused.push_back(Refused(99, wire::kMore | wire::kEnd | 8));
  ServerCases cases = InEveryStateBehindHello(refused);
  ServerCases ignored;
  for (const std::uint32_t kind : {0u, 11u, 99u, kMost}) ignored.push_back(Ignored(kind));
  ignored.push_back({.name = "Pong", .packets = {Pong("nobody asked")}});
  ignored.push_back(
      {.name = "PongWithAStatusThatIsNone", .packets = {RawFrame(Hex("0809 3a02ffff"))}});
  ignored.push_back({.name = "PongAbove64Bytes", .packets = {Pong(std::string(65, 'p'))}});
  for (const ServerCases& more : {InEveryStateBehindHello(ignored), Unusual()}) {
    cases.insert(cases.end(), more.begin(), more.end());
  }
  return cases;
}

}  // namespace piperpc::conformance
