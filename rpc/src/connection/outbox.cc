#include "src/connection/outbox.h"

#include <array>
#include <cassert>
#include <cstring>
#include <span>

#include "src/connection/large_message.h"

namespace piperpc::connection {
namespace {

using transport::Bytes;
using transport::SendResult;

// Messages up to this size are written where they will be sent from.
constexpr std::size_t kSmallMessage = 32 * 1024;

// These do not wait behind a large message of their own call.
bool Overtakes(wire::FrameKind kind) {
  return kind == wire::FrameKind::kCancel || kind == wire::FrameKind::kCredit;
}

void CollectRequests(Bytes packet, std::set<std::uint64_t>& calls) {
  wire::PacketReader reader(packet);
  while (!reader.done()) {
    wire::Frame frame;
    if (!reader.Next(frame)) return;  // Not of our own making.
    if (frame.header.kind == wire::FrameKind::kRequest) calls.insert(frame.header.call_id);
  }
}

}  // namespace

Outbox::Outbox(const BufferSource& buffers, wire::FrameKind counted)
    : counted_kind_(counted), small_(buffers) {}
Outbox::~Outbox() = default;

template <typename Content>
void Outbox::AddLarge(const wire::FrameHeader& header, const Content& content) {
  if (large_ == nullptr) large_ = std::make_unique<LargeQueue>(counted_kind_);
  large_->Add(
      std::make_unique<LargeMessage>(header, content, small_.added(), small_.buffers().large()));
  CountQueued();
}

// Half of a packet is for small frames, so that neither they nor large messages stand still.
inline char* Outbox::RoomFor(std::size_t frame_bytes) {
  return small_.Room(frame_bytes, max_packet_ / 2);
}

inline void Outbox::Added(std::size_t frame_bytes) {
  small_.Add(frame_bytes);
  queued_bytes_ += frame_bytes;
}

char* Outbox::AddSmall(const wire::FrameHeader& header, std::size_t payload_size) {
  char* const frame = RoomFor(wire::FrameSizeBound(header, payload_size));
  char* const payload = wire::EncodeFramePrefix(header, payload_size, frame);
  Added(static_cast<std::size_t>(payload - frame) + payload_size);
  if (IsCounted(header)) small_.Count();
  return payload;
}

void Outbox::Add(const wire::FrameHeader& header, wire::Bytes payload) {
  if (!Overtakes(header.kind) && MustWait(header)) return AddLarge(header, payload);
  char* const out = AddSmall(header, payload.size());
  if (!payload.empty()) std::memcpy(out, payload.data(), payload.size());
}

void Outbox::AddMessage(const wire::FrameHeader& header, const internal::OutMessage& message) {
  if (message.size() > kSmallMessage || MustWait(header)) return AddLarge(header, message);
  message.WriteTo(AddSmall(header, message.size()));
}

void Outbox::AddMessage(std::uint64_t call_id, const internal::OutMessage& message) {
  assert(counted_kind_ != wire::FrameKind::kMessage);
  if (message.size() > kSmallMessage || (large_ != nullptr && !large_->empty())) {
    return AddMessage({.kind = wire::FrameKind::kMessage, .call_id = call_id}, message);
  }
  char* const frame = RoomFor(wire::kMessagePrefixBound + message.size());
  char* const payload = wire::EncodeMessagePrefix(call_id, message.size(), frame);
  Added(static_cast<std::size_t>(payload - frame) + message.size());
  message.WriteTo(payload);
}

std::set<std::uint64_t> Outbox::UnsentRequests() const {
  std::set<std::uint64_t> calls;
  small_.ForEachUnsent([&calls](Bytes packet) { CollectRequests(packet, calls); });
  if (large_ != nullptr) large_->CollectRequests(calls);
  return calls;
}

void Outbox::Drop(std::uint64_t call_id) {
  if (large_ == nullptr) return;
  large_->Drop(call_id);
  CountQueued();
}

void Outbox::DropLarge() {
  if (large_ == nullptr) return;
  large_->DropAll();
  CountQueued();
}

void Outbox::CountQueued() {
  queued_bytes_ = static_cast<std::size_t>(small_.added() - small_.sent());
  if (large_ != nullptr) queued_bytes_ += large_->bytes();
}

Outbox::Packet Outbox::NextPacket() {
  Packet packet;
  packet.small = small_.Next();
  if (large_ == nullptr) return packet;
  packet.large =
      large_->Next(max_packet_ - packet.small.size(), small_.sent() + packet.small.size());
  return packet;
}

absl::StatusOr<SendResult> Outbox::Send(transport::Pipe& pipe, const Packet& packet) {
  std::array<Bytes, 3> slices;
  std::size_t count = 0;
  for (const Bytes slice : {packet.small, packet.large.piece.prefix, packet.large.piece.payload}) {
    if (!slice.empty()) slices[count++] = slice;
  }
  return pipe.Send(std::span(slices).first(count));
}

void Outbox::Commit(const Packet& packet) {
  if (!packet.small.empty()) small_.Commit();
  if (packet.large.message != nullptr) large_->Commit(packet.large);
  CountQueued();
}

void Outbox::Release() {
  small_.Release();
  if (large_ != nullptr) large_->Release();
}

absl::StatusOr<SendResult> Outbox::Flush(transport::Pipe& pipe) {
  if (sending_) return SendResult::kPending;
  while (!empty()) {
    const Packet packet = NextPacket();
    absl::StatusOr<SendResult> result = Send(pipe, packet);
    if (!result.ok() || *result == SendResult::kWouldBlock) return result;
    Commit(packet);
    if (*result == SendResult::kPending) {
      sending_ = true;
      return result;
    }
    Release();
  }
  return SendResult::kSent;
}

void Outbox::OnSent() {
  sending_ = false;
  Release();
}

}  // namespace piperpc::connection
