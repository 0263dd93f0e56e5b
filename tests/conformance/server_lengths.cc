// Lengths that lie, in every state of a connection.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr std::size_t kMaxPacket = 128 * 1024;  // What the server's Hello allows.

// A packet of this size: a PING, and for the rest a frame that is ignored.
std::string PacketOf(std::size_t size) {
  FrameHeader optional{.kind = static_cast<FrameKind>(99), .flags = wire::kOptional};
  const std::string ping = Ping("p");
  const std::size_t overhead = ping.size() + Encode(optional).size();
  return Encode(optional, std::string(size - overhead, 'x')) + ping;
}

// The frames before it in the packet are good, and count.
ServerCases Behind() {
  const std::string damaged = U32(1000) + HeaderOf({.kind = FrameKind::kPing}) + U32(0);
  return {
      {.name = "DamageBehindARequest",
       .packets = {Request(1, kEcho, "served") + damaged},
       .expected = {ProtocolError("header length 1000 is more than")}},
      {.name = "DamageBehindAPing",
       .packets = {Ping("p") + damaged},
       .expected = {ProtocolError("header length 1000 is more than")}},
      {.name = "PayloadShorterThanPacket",
       .packets = {U32(2) + HeaderOf({.kind = FrameKind::kPing}) + U32(4) + "payload"},
       .expected = {ProtocolError("ends inside the header length: 3 bytes of 4")}},
      {.name = "OneByteBehindTheLastFrame",
       .packets = {Ping("p") + std::string(1, '\0')},
       .expected = {ProtocolError("ends inside the header length: 1 bytes of 4")}},
      {.name = "ThreeBytesBehindTheLastFrame",
       .packets = {Ping("p") + std::string(3, '\0')},
       .expected = {ProtocolError("ends inside the header length: 3 bytes of 4")}},
      {.name = "AnEmptyFrameBehindTheLastOne",
       .packets = {Ping("p") + std::string(8, '\0')},
       .expected = {ProtocolError("kind 0")}},
      {.name = "NothingIsReadBehindDamage",
       .packets = {damaged, Request(1, kEcho, "not served")},
       .expected = {ProtocolError("header length 1000 is more than")}},
  };
}

ServerCases AtTheLimits() {
  return {
      {.name = "HeaderOfTheLimit",
       .packets = {PingWithHeaderOf(kMaxHeaderBytes)},
       .expected = {Pongs("p")}},
      {.name = "PacketOfTheLimit", .packets = {PacketOf(kMaxPacket)}, .expected = {Pongs("p")}},
      {.name = "PacketAboveTheLimit", .packets = {PacketOf(kMaxPacket + 1)}, .expected = {Ends()}},
      {.name = "PacketOfTwiceTheLimit",
       .packets = {PacketOf(2 * kMaxPacket)},
       .expected = {Ends()}},
      {.name = "PacketAboveTheLimitBeforeHello",
       .before = Before::kNothing,
       .packets = {PacketOf(kMaxPacket + 1)},
       .expected = {Ends()}},
      {.name = "PacketAboveTheLimitWhileACallIsServed",
       .before = Before::kServed,
       .packets = {PacketOf(kMaxPacket + 1)},
       .expected = {Ends()}},
      {.name = "PacketOfManySmallFrames",
       .packets = {Repeat(Ping(), 1000)},
       .expected = std::vector<Expectation>(1000, Pongs(""))},
  };
}

}  // namespace

ServerCases Lengths() {
  ServerCases all = InEveryState(ErrorsOf(DamagedLengths()));
  for (const ServerCases& more : {Behind(), AtTheLimits()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace piperpc::conformance
