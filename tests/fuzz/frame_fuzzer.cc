#include "fuzz/frame_fuzzer.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "src/wire/control.h"
#include "src/wire/frame.h"
#include "src/wire/limits.h"
#include "src/wire/metadata.h"
#include "src/wire/status.h"

namespace piperpc::wire {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool Same(const FrameHeader& a, const FrameHeader& b) {
  return a.kind == b.kind && a.call_id == b.call_id && a.flags == b.flags && a.method == b.method &&
         a.timeout_us == b.timeout_us && a.metadata == b.metadata && a.status == b.status &&
         a.has_status == b.has_status && a.credit == b.credit && a.message_size == b.message_size;
}

// A decoded frame encodes to one that decodes to the same.
void CheckFrame(const Frame& frame) {
  std::string packet(FrameSize(frame.header, frame.payload.size()), '\0');
  char* const payload = EncodeFramePrefix(frame.header, frame.payload.size(), packet.data());
  Require(payload + frame.payload.size() == packet.data() + packet.size());
  if (!frame.payload.empty()) std::memcpy(payload, frame.payload.data(), frame.payload.size());

  PacketReader reader(packet);
  Frame again;
  Require(reader.Next(again) && reader.done());
  Require(Same(frame.header, again.header));
  Require(frame.payload.size() == again.payload.size());
}

void CheckMetadata(std::string_view bytes) {
  absl::StatusOr<Metadata> metadata = DecodeMetadata(bytes);
  if (!metadata.ok()) return;
  absl::StatusOr<std::string> encoded = EncodeMetadata(*metadata, kMaxMetadataBytes);
  if (encoded.ok()) Require(DecodeMetadata(*encoded).value() == *metadata);
}

void CheckStatus(std::string_view bytes) {
  absl::Status status;
  if (!DecodeStatus(bytes, status).ok()) return;
  const std::string encoded = EncodeStatus(status);
  Require(encoded.size() <= kMaxStatusBytes);
  absl::Status again;
  Require(DecodeStatus(encoded, again).ok());
  Require(again.code() == status.code());
}

void CheckControl(Bytes bytes) {
  if (absl::StatusOr<Hello> hello = DecodeHello(bytes); hello.ok()) {
    Require(DecodeHello(EncodeHello(*hello)).ok());
  }
  if (absl::StatusOr<Goaway> goaway = DecodeGoaway(bytes); goaway.ok()) {
    Require(DecodeGoaway(EncodeGoaway(*goaway)).value().last_call_id == goaway->last_call_id);
  }
}

void CheckPacket(Bytes packet) {
  PacketReader reader(packet);
  while (!reader.done()) {
    Frame frame;
    if (!reader.Next(frame)) {
      Require(reader.done() && absl::IsInvalidArgument(reader.damage()));
      return;
    }
    CheckFrame(frame);
    CheckMetadata(frame.header.metadata);
    CheckStatus(frame.header.status);
    CheckControl(frame.payload);
  }
}

}  // namespace
}  // namespace piperpc::wire

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  piperpc::wire::CheckPacket(text);
  piperpc::wire::CheckMetadata(text);
  piperpc::wire::CheckStatus(text);
  piperpc::wire::CheckControl(text);
  return 0;
}
