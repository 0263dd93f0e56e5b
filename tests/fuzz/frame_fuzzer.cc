#include "fuzz/frame_fuzzer.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz/require.h"
#include "src/base/text.h"
#include "src/wire/control.h"
#include "src/wire/fields.h"
#include "src/wire/frame.h"
#include "src/wire/limits.h"
#include "src/wire/metadata.h"
#include "src/wire/status.h"
#include "src/wire/utf8.h"

namespace piperpc::wire {
namespace {

using fuzz::Require;

bool Same(const FrameHeader& a, const FrameHeader& b) {
  return a.kind == b.kind && a.call_id == b.call_id && a.flags == b.flags && a.method == b.method &&
         a.timeout_us == b.timeout_us && a.metadata == b.metadata && a.status == b.status &&
         a.has_status == b.has_status && a.credit == b.credit && a.message_size == b.message_size;
}

// A decoded frame encodes to one that decodes to the same.
void CheckFrame(const Frame& frame) {
  const std::size_t size = FrameSize(frame.header, frame.payload.size());
  Require(size <= FrameSizeBound(frame.header, frame.payload.size()), "the bound holds");
  std::string packet(size, '\0');
  char* const payload = EncodeFramePrefix(frame.header, frame.payload.size(), packet.data());
  Require(payload + frame.payload.size() == packet.data() + size, "a frame has the size foretold");
  std::copy(frame.payload.begin(), frame.payload.end(), payload);

  PacketReader reader(packet);
  Frame again;
  Require(reader.Next(again) && reader.done(), "a frame decodes");
  Require(Same(frame.header, again.header), "a header comes back");
  Require(std::equal(frame.payload.begin(), frame.payload.end(), again.payload.begin(),
                     again.payload.end()),
          "a payload comes back");
}

void CheckMetadata(std::string_view bytes) {
  const absl::StatusOr<Metadata> metadata = DecodeMetadata(bytes);
  const bool well_formed = CheckMetadataFields(bytes).ok();
  Require(well_formed || !metadata.ok(), "metadata that decodes is well-formed");
  if (!metadata.ok()) return;
  const absl::StatusOr<std::string> encoded = EncodeMetadata(*metadata, kMaxMetadataBytes);
  Require(encoded.ok() || bytes.size() > kMaxMetadataBytes, "metadata is no larger than it was");
  if (encoded.ok()) Require(DecodeMetadata(*encoded).value() == *metadata, "metadata comes back");
}

// Which all names of types should be, and only then come back as they were.
bool HasReadableDetails(const absl::Status& status) {
  bool readable = true;
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord&) {
    readable = readable && IsUtf8(base::ToStd(type_url));
  });
  return readable;
}

void CheckStatus(const absl::Status& status, const absl::Status& again) {
  Require(again.code() == status.code() && again.message() == status.message(),
          "code and text come back");
  if (HasReadableDetails(status)) Require(again == status, "details come back");
}

void CheckStatus(std::string_view bytes) {
  absl::Status status;
  if (!DecodeStatus(bytes, status).ok()) return;
  const std::string encoded = EncodeStatus(status);
  Require(encoded.size() <= kMaxStatusBytes, "a status keeps to the limit");
  absl::Status again;
  Require(DecodeStatus(encoded, again).ok(), "a status decodes");
  CheckStatus(status, again);
  const StatusLoss loss = LossOf(status);
  Require(loss.text_bytes == 0 && loss.details == 0, "what came fits");
}

bool Same(const Hello& a, const Hello& b) {
  return a.magic == b.magic && a.min_version == b.min_version && a.max_version == b.max_version &&
         a.max_packet_bytes == b.max_packet_bytes && a.max_message_bytes == b.max_message_bytes &&
         a.max_calls == b.max_calls && a.max_metadata_bytes == b.max_metadata_bytes &&
         a.initial_credit == b.initial_credit;
}

void CheckHello(Bytes bytes) {
  const absl::StatusOr<Hello> hello = DecodeHello(bytes);
  if (!hello.ok()) return;
  Require(HasMagic(bytes), "a Hello has the magic");
  const std::string encoded = EncodeHello(*hello);
  const absl::StatusOr<Hello> again = DecodeHello(encoded);
  Require(again.ok() && Same(*hello, *again), "a Hello comes back");
  const absl::StatusOr<std::uint32_t> version = ChooseVersion(*hello);
  Require(!version.ok() || (hello->min_version <= *version && *version <= hello->max_version),
          "the version is one that was offered");
}

void CheckGoaway(Bytes bytes) {
  const absl::StatusOr<Goaway> goaway = DecodeGoaway(bytes);
  if (!goaway.ok()) return;
  const std::string encoded = EncodeGoaway(*goaway);
  const absl::StatusOr<Goaway> again = DecodeGoaway(encoded);
  Require(again.ok() && again->last_call_id == goaway->last_call_id, "a Goaway comes back");
  CheckStatus(goaway->status, again->status);
}

void CheckFields(std::string_view bytes) {
  FieldReader reader(bytes);
  Field field;
  const char* end = bytes.data();
  while (reader.Next(field)) {
    Require(field.begin == end && reader.position() > end, "a field follows the other");
    end = reader.position();
  }
  Require(reader.damaged() || end == bytes.data() + bytes.size(), "fields are all there is");
  if (reader.damaged()) Require(!reader.Damage("X").ok(), "damage is told");
  Pair pair;
  if (DecodePair(bytes, "X", pair).ok()) {
    const std::string encoded = EncodePair(pair);
    Pair again;
    Require(DecodePair(encoded, "X", again).ok() && again.first == pair.first &&
                again.second == pair.second,
            "a pair comes back");
  }
}

void CheckText(std::string_view bytes) {
  const std::string text = Utf8Prefix(bytes, bytes.size() / 2);
  Require(text.size() <= bytes.size() / 2 && IsUtf8(text), "a prefix is UTF-8");
}

// As each message of the wire.
void CheckMessages(std::string_view bytes) {
  CheckMetadata(bytes);
  CheckStatus(bytes);
  CheckHello(bytes);
  CheckGoaway(bytes);
  CheckFields(bytes);
  CheckText(bytes);
}

void CheckPacket(Bytes packet) {
  PacketReader reader(packet);
  while (!reader.done()) {
    Frame frame;
    if (!reader.Next(frame)) {
      Require(reader.done() && absl::IsInvalidArgument(reader.damage()), "damage ends a packet");
      return;
    }
    CheckFrame(frame);
    CheckMetadata(frame.header.metadata);
    CheckStatus(frame.header.status);
    CheckHello(frame.payload);
    CheckGoaway(frame.payload);
  }
}

}  // namespace
}  // namespace piperpc::wire

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  piperpc::wire::CheckPacket(text);
  piperpc::wire::CheckMessages(text);
  return 0;
}
