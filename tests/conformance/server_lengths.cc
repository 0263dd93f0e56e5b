// Lengths that lie, in every state of a connection.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr std::uint32_t kMaxHeader = 65'536;
constexpr std::size_t kMaxPacket = 128 * 1024;  // What the server's Hello allows.

const FrameHeader kPingHeader{.kind = FrameKind::kPing};

// A header of a PING with these lengths, whatever they are, before it and behind it.
std::string PingWithLengths(std::uint32_t header, std::uint32_t payload) {
  return U32(header) + HeaderOf(kPingHeader) + U32(payload) + "payload";
}

// A PING whose header has this size, by a field that nobody knows.
std::string PingWithHeaderOf(std::size_t size) {
  const std::string kind = HeaderOf(kPingHeader);
  const std::size_t overhead =
      kind.size() + BytesField(100, std::string(size / 2, 'x')).size() - size / 2;
  return RawFrame(kind + BytesField(100, std::string(size - overhead, 'x')), "p");
}

// A packet of this size: a PING, and for the rest a frame that is ignored.
std::string PacketOf(std::size_t size) {
  FrameHeader optional{.kind = static_cast<FrameKind>(99), .flags = wire::kOptional};
  const std::string ping = Ping("p");
  const std::size_t overhead = ping.size() + Encode(optional).size();
  return Encode(optional, std::string(size - overhead, 'x')) + ping;
}

ServerCases Damaged() {
  const std::string ping = Ping("p");
  return {
      {.name = "HeaderLengthOf1Byte",
       .packets = {std::string(1, '\2')},
       .expected = {ProtocolError("ends inside the header length: 1 bytes of 4")}},
      {.name = "HeaderLengthOf2Bytes",
       .packets = {std::string("\2\0", 2)},
       .expected = {ProtocolError("ends inside the header length: 2 bytes of 4")}},
      {.name = "HeaderLengthOf3Bytes",
       .packets = {std::string("\2\0\0", 3)},
       .expected = {ProtocolError("ends inside the header length: 3 bytes of 4")}},
      {.name = "HeaderLengthAlone",
       .packets = {U32(2)},
       .expected = {ProtocolError("header length 2 is more than")}},
      {.name = "HeaderOneByteLongerThanPacket",
       .packets = {U32(3) + HeaderOf(kPingHeader)},
       .expected = {ProtocolError("header length 3 is more than")}},
      {.name = "HeaderLongerThanPacket",
       .packets = {PingWithLengths(1000, 0)},
       .expected = {ProtocolError("header length 1000 is more than")}},
      {.name = "HeaderAsLongAsTheLimitAndNotThere",
       .packets = {PingWithLengths(kMaxHeader, 0)},
       .expected = {ProtocolError("header length 65536 is more than")}},
      {.name = "HeaderAboveTheLimit",
       .packets = {PingWithHeaderOf(kMaxHeader + 1)},
       .expected = {ProtocolError("header length 65537 is above 65536")}},
      {.name = "HeaderOf2GiB",
       .packets = {PingWithLengths(0x80000000, 0)},
       .expected = {ProtocolError("header length 2147483648 is above")}},
      {.name = "HeaderOf4GiB",
       .packets = {PingWithLengths(0xffffffff, 0)},
       .expected = {ProtocolError("header length 4294967295 is above")}},
      {.name = "PayloadLengthMissing",
       .packets = {U32(2) + HeaderOf(kPingHeader)},
       .expected = {ProtocolError("ends inside the payload length: 0 bytes of 4")}},
      {.name = "PayloadLengthOf3Bytes",
       .packets = {U32(2) + HeaderOf(kPingHeader) + std::string(3, '\0')},
       .expected = {ProtocolError("ends inside the payload length: 3 bytes of 4")}},
      {.name = "PayloadOneByteLongerThanPacket",
       .packets = {PingWithLengths(2, 8)},
       .expected = {ProtocolError("payload length 8 is more than")}},
      {.name = "PayloadOf2GiB",
       .packets = {PingWithLengths(2, 0x80000000)},
       .expected = {ProtocolError("payload length 2147483648 is more than")}},
      {.name = "PayloadOf4GiB",
       .packets = {PingWithLengths(2, 0xffffffff)},
       .expected = {ProtocolError("payload length 4294967295 is more than")}},
      {.name = "LengthsInBigEndian",
       .packets = {std::string("\0\0\0\2", 4) + HeaderOf(kPingHeader) + U32(0)},
       .expected = {ProtocolError("header length 33554432 is above")}},
      {.name = "TextInPlaceOfAFrame",
       .packets = {"GET / HTTP/1.1\r\n\r\n"},
       .expected = {ProtocolError("header length")}},
  };
}

// The frames before it in the packet are good, and count.
ServerCases Behind() {
  const std::string damaged = PingWithLengths(1000, 0);
  return {
      {.name = "DamageBehindARequest",
       .packets = {Request(1, kEcho, "served") + damaged},
       .expected = {ProtocolError("header length 1000 is more than")}},
      {.name = "DamageBehindAPing",
       .packets = {Ping("p") + damaged},
       .expected = {ProtocolError("header length 1000 is more than")}},
      {.name = "PayloadShorterThanPacket",
       .packets = {PingWithLengths(2, 4)},
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
       .packets = {PingWithHeaderOf(kMaxHeader)},
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
  ServerCases all = InEveryState(Damaged());
  for (const ServerCases& more : {Behind(), AtTheLimits()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

}  // namespace piperpc::conformance
