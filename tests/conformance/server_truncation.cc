// Frames, and what they hold, cut off at each of their bytes. The lengths around what is cut are
// right, so it is not them that tell.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

std::string After(std::size_t bytes, const std::string& whole) {
  return "After" + std::to_string(bytes) + "Of" + std::to_string(whole.size());
}

FrameHeader FullRequest() {
  FrameHeader header{.kind = FrameKind::kRequest, .call_id = 300, .flags = wire::kEnd};
  header.method = kMeta;
  header.timeout_us = 30'000'000;
  return header;
}

// The packet ends.
void CutPackets(const char* name, Before before, const std::string& packet, ServerCases& cases) {
  for (std::size_t size = 1; size < packet.size(); ++size) {
    cases.push_back({.name = name + After(size, packet),
                     .before = before,
                     .packets = {packet.substr(0, size)},
                     .expected = {ProtocolError("")}});
  }
}

// Cut at the end of a field it is well, and another one: those cases are left out.
void CutHeaders(ServerCases& cases) {
  const std::string header = HeaderOf(FullRequest()) +
                             BytesField(kMetadata, BytesField(1, "key") + BytesField(2, "value"));
  for (std::size_t size = 1; size < header.size(); ++size) {
    wire::Frame frame;
    const std::string packet = RawFrame(header.substr(0, size));
    if (wire::PacketReader reader(packet); reader.Next(frame)) continue;
    cases.push_back({.name = "Header" + After(size, header),
                     .packets = {packet},
                     .expected = {ProtocolError("FrameHeader")}});
  }
}

// Without any of its fields but the last a Hello is none.
void CutHellos(ServerCases& cases) {
  const wire::Hello hello{.max_packet_bytes = 131'072,
                          .max_message_bytes = 4'194'304,
                          .max_calls = 100,
                          .max_metadata_bytes = 8192,
                          .initial_credit = 65'536};
  const std::string payload = wire::EncodeHello(hello);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    cases.push_back({.name = "Hello" + After(size, payload),
                     .before = Before::kNothing,
                     .packets = {Encode({.kind = FrameKind::kHello}, payload.substr(0, size))},
                     .expected = {ProtocolError("Hello")}});
  }
}

}  // namespace

ServerCases Truncation() {
  ServerCases cases;
  CutPackets("PacketOfAHello", Before::kNothing, EncodedHello(), cases);
  CutPackets("PacketOfARequest", Before::kHello, Encode(FullRequest(), "payload"), cases);
  CutHeaders(cases);
  CutHellos(cases);
  return cases;
}

}  // namespace piperpc::conformance
