#include "fuzz/script.h"

#include "src/wire/control.h"
#include "src/wire/fields.h"
#include "src/wire/metadata.h"
#include "src/wire/status.h"
#include "support/call_frames.h"

namespace piperpc::fuzz {

using wire::FrameKind;

std::uint64_t Script::Number() {
  const std::uint8_t selector = Byte();
  if (selector < 128) return selector;
  if (selector >= 192) return (std::uint64_t{1} << (selector - 192)) - 1;
  if (selector >= 144) return (std::uint64_t{1} << (selector - 144)) + 1;
  std::uint64_t number = 0;
  for (int i = selector - 128; i >= 0; i -= 2) number = number << 8 | Byte();
  return number;
}

std::string Script::Payload() {
  constexpr std::uint8_t kLarge = 192;
  if (done() || rest().front() < kLarge) return std::string(Text());
  const std::size_t size = (Byte() - kLarge + 1) * std::size_t{1500};
  if (size > large_bytes_left_) return {};
  large_bytes_left_ -= size;
  return std::string(size, 'x');
}

std::string_view Script::Method() {
  const std::size_t index = Byte();
  return index < 250 ? methods_[index % methods_.size()] : Text();
}

std::string Script::MetadataFields() {
  constexpr std::string_view kKeys[] = {"a", "fail", "wait", "key-1.b_"};
  const std::uint8_t selector = Byte();
  if (selector == 255) return std::string(Text());
  Metadata metadata;
  for (int i = selector % 4; i > 0; --i) {
    const std::size_t key = Byte();
    metadata.emplace_back(key < 240 ? kKeys[key % std::size(kKeys)] : Text(), Payload());
  }
  return wire::EncodeMetadata(metadata, wire::kMaxMetadataBytes).value_or(std::string());
}

absl::Status Script::Status() {
  const auto code = static_cast<absl::StatusCode>(Below(18));
  absl::Status status(code, Payload());
  if (Below(2) == 1) status.SetPayload("type.googleapis.com/a.v1.Detail", absl::Cord(Payload()));
  return status;
}

std::string Script::StatusBytes() {
  return Byte() < 192 ? wire::EncodeStatus(Status()) : std::string(Text());
}

std::uint64_t Script::CallId() {
  const std::uint8_t selector = Byte();
  return selector < 240 ? selector % 8 : Number();
}

std::string Script::HelloPayload() {
  const std::uint8_t selector = Byte();
  if (selector < 128) return wire::EncodeHello(testing::kUsualHello);
  if (selector < 160) return std::string(Text());
  wire::Hello hello;
  if (selector & 1) hello.magic = static_cast<std::uint32_t>(Number());
  hello.min_version = static_cast<std::uint32_t>(Number());
  hello.max_version = static_cast<std::uint32_t>(Number());
  hello.max_packet_bytes = static_cast<std::uint32_t>(Number());
  hello.max_message_bytes = Number();
  hello.max_calls = static_cast<std::uint32_t>(Number());
  hello.max_metadata_bytes = static_cast<std::uint32_t>(Number());
  hello.initial_credit = Number();
  hello.implementation = Text();
  return wire::EncodeHello(hello);
}

std::string Script::GoawayPayload() {
  const std::uint8_t selector = Byte();
  if (selector >= 192) return std::string(Text());
  const absl::Status status = selector % 2 == 0 ? absl::OkStatus() : Status();
  return wire::EncodeGoaway({status, Number()});
}

std::string Script::PayloadOf(FrameKind kind) {
  switch (kind) {
    case FrameKind::kHello:
      return HelloPayload();
    case FrameKind::kGoaway:
      return GoawayPayload();
    default:
      return Payload();
  }
}

std::string Script::Frame() {
  wire::FrameHeader header;
  header.kind = static_cast<FrameKind>(Byte() % 12);
  const std::uint8_t present = Byte();
  header.call_id = CallId();
  header.flags = present & 7;
  if (present & 8) header.method = Method();
  if (present & 16) header.timeout_us = Number();
  std::string metadata;
  if (present & 32) metadata = MetadataFields();
  header.metadata = metadata;
  std::string status;
  header.has_status = (present & 64) != 0;
  if (header.has_status) status = StatusBytes();
  header.status = status;
  if (present & 128) {
    header.credit = Number();
    header.message_size = Number();
  }
  return testing::Encode(header, PayloadOf(header.kind));
}

}  // namespace piperpc::fuzz
