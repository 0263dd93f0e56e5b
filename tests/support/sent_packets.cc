#include "support/sent_packets.h"

#include "src/wire/control.h"
#include "src/wire/limits.h"
#include "src/wire/metadata.h"
#include "src/wire/status.h"

namespace piperpc::testing {

using wire::FrameKind;

const char* SentPackets::Check(wire::Bytes packet) {
  wire::PacketReader reader(packet);
  while (broken_ == nullptr && !reader.done()) {
    wire::Frame frame;
    if (Require(reader.Next(frame), "a packet is well-formed")) CheckFrame(frame);
  }
  return broken_;
}

void SentPackets::CheckFrame(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  Require(wire::DecodeMetadata(header.metadata).ok(), "metadata is well-formed");
  absl::Status status;
  Require(!header.has_status || wire::DecodeStatus(header.status, status).ok(),
          "a status is well-formed");
  const bool refuses = from_ == From::kServer && header.kind == FrameKind::kGoaway;
  Require(greeted_ || header.kind == FrameKind::kHello || refuses, "HELLO is first");
  switch (header.kind) {
    case FrameKind::kHello:
      Require(!greeted_ && wire::DecodeHello(frame.payload).ok(), "HELLO is sent once");
      greeted_ = true;
      return;
    case FrameKind::kGoaway:
      Require(wire::DecodeGoaway(frame.payload).ok(), "GOAWAY is well-formed");
      return;
    case FrameKind::kPing:
    case FrameKind::kPong:
      Require(frame.payload.size() <= wire::kMaxPingBytes, "PING and PONG are short");
      return;
    default:
      CheckCall(frame);
      CheckParts(frame);
  }
}

void SentPackets::CheckCall(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  const std::uint64_t id = header.call_id;
  Require(id != 0 && !wire::IsUnknown(header.kind), "a frame of a call has an id and a kind");
  Require(!ended_.contains(id), "nothing follows RESPONSE or CANCEL");
  const bool is_clients = header.kind == FrameKind::kRequest ||
                          header.kind == FrameKind::kHalfClose || header.kind == FrameKind::kCancel;
  const bool is_servers = header.kind == FrameKind::kResponse;
  Require(from_ == From::kClient ? !is_servers : !is_clients, "a side sends its own kinds");
  if (header.kind == FrameKind::kRequest && !missing_.contains(id)) {
    Require(id > last_request_, "ids increase");
    last_request_ = id;
  }
  if (from_ == From::kClient) Require(id <= last_request_, "a call begins with REQUEST");
  if (header.kind == FrameKind::kCancel || (is_servers && !header.more())) ended_.insert(id);
}

void SentPackets::CheckParts(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  const bool is_part = header.kind == FrameKind::kRequest || header.kind == FrameKind::kMessage ||
                       header.kind == FrameKind::kResponse;
  if (!is_part) return;
  const auto begun = missing_.find(header.call_id);
  std::uint64_t missing = begun != missing_.end() ? begun->second : header.message_size;
  if (begun == missing_.end() && !header.more()) {
    Require(missing == 0 || missing == frame.payload.size(), "message_size is the size");
    return;
  }
  if (begun != missing_.end()) missing_.erase(begun);
  if (header.kind == FrameKind::kResponse && header.has_status) return;  // Ends what was begun.
  Require(!frame.payload.empty() && frame.payload.size() <= missing, "a part is of its message");
  missing -= frame.payload.size();
  Require(header.more() == (missing > 0), "MORE is on all parts but the last");
  if (header.more()) missing_[header.call_id] = missing;
}

}  // namespace piperpc::testing
