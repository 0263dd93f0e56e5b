#include "src/connection/outbox.h"

#include <array>
#include <cstring>
#include <utility>

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

bool IsRequestNotBegun(const LargeMessage& message) {
  return message.header().kind == wire::FrameKind::kRequest && !message.begun();
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

// Behind a message of its own call; and, for a REQUEST, behind those that are to begin before it.
bool Outbox::MustWait(const wire::FrameHeader& header) const {
  if (waiting_.empty()) return false;
  if (header.kind == wire::FrameKind::kRequest && requests_not_begun_ > 0) return true;
  return turn_of_.contains(header.call_id);
}

Outbox::Turns::iterator Outbox::FindWaiting(std::uint64_t call_id) {
  if (waiting_.empty()) return waiting_.end();
  const auto found = turn_of_.find(call_id);
  return found == turn_of_.end() ? waiting_.end() : found->second;
}

void Outbox::AddWaiting(std::unique_ptr<LargeMessage> message) {
  const std::size_t cost = message->cost();
  const bool counted = IsCounted(message->header());
  const bool request = IsRequestNotBegun(*message);
  const std::uint64_t call_id = message->header().call_id;
  if (const auto waiting = FindWaiting(call_id); waiting != waiting_.end()) {
    waiting->messages.push_back(std::move(message));
  } else {
    Turns turn;
    turn.emplace_back().call_id = call_id;
    turn.front().messages.push_back(std::move(message));
    turn_of_.emplace(call_id, turn.begin());
    waiting_.splice(waiting_.end(), turn);
  }
  queued_bytes_ += cost;
  large_counted_ += counted;
  requests_not_begun_ += request;
}

void Outbox::Erase(Turns::iterator waiting) {
  turn_of_.erase(waiting->call_id);
  waiting_.erase(waiting);
}

// Half of a packet is for small frames, so that neither they nor large messages stand still.
char* Outbox::AddSmall(const wire::FrameHeader& header, std::size_t payload_size) {
  char* const frame = small_.Room(wire::FrameSizeBound(header, payload_size), max_packet_ / 2);
  char* const payload = wire::EncodeFramePrefix(header, payload_size, frame);
  const std::size_t size = static_cast<std::size_t>(payload - frame) + payload_size;
  small_.Add(size);
  if (IsCounted(header)) small_.Count();
  queued_bytes_ += size;
  return payload;
}

void Outbox::Add(const wire::FrameHeader& header, wire::Bytes payload) {
  if (!Overtakes(header.kind) && MustWait(header)) {
    AddWaiting(std::make_unique<LargeMessage>(header, payload, small_.added(), large()));
    return;
  }
  char* const out = AddSmall(header, payload.size());
  if (!payload.empty()) std::memcpy(out, payload.data(), payload.size());
}

void Outbox::AddMessage(const wire::FrameHeader& header, const internal::OutMessage& message) {
  if (message.size() > kSmallMessage || MustWait(header)) {
    AddWaiting(std::make_unique<LargeMessage>(header, message, small_.added(), large()));
  } else {
    message.WriteTo(AddSmall(header, message.size()));
  }
}

bool Outbox::Waiting::HoldsRequest() const { return IsRequestNotBegun(*messages.front()); }

bool Outbox::HoldsRequest(std::uint64_t call_id) const {
  const auto turn = turn_of_.find(call_id);
  return turn != turn_of_.end() && turn->second->HoldsRequest();
}

std::set<std::uint64_t> Outbox::UnsentRequests() const {
  std::set<std::uint64_t> calls;
  small_.ForEachUnsent([&calls](Bytes packet) { CollectRequests(packet, calls); });
  for (const Waiting& waiting : waiting_) {
    if (waiting.HoldsRequest()) calls.insert(waiting.call_id);
  }
  return calls;
}

void Outbox::Drop(std::uint64_t call_id) {
  const auto waiting = FindWaiting(call_id);
  if (waiting == waiting_.end()) return;
  for (const auto& message : waiting->messages) {
    queued_bytes_ -= message->cost();
    large_counted_ -= IsCounted(message->header());
    requests_not_begun_ -= IsRequestNotBegun(*message);
  }
  std::unique_ptr<LargeMessage>& first = waiting->messages.front();
  if (first.get() == flying_) retired_ = std::move(first);
  Erase(waiting);
}

void Outbox::DropLarge() {
  while (!waiting_.empty()) Drop(waiting_.front().call_id);
  retired_.reset();
  flying_ = nullptr;
}

Outbox::Packet Outbox::NextPacket() {
  Packet packet;
  packet.small = small_.Next();
  const std::size_t room = max_packet_ - packet.small.size();
  const std::uint64_t gone = small_.sent() + packet.small.size();
  for (const Waiting& waiting : waiting_) {
    LargeMessage& message = *waiting.messages.front();
    if (message.after() > gone) continue;
    packet.piece = message.Next(room);
    if (!packet.piece.empty()) packet.large = &message;
    break;
  }
  return packet;
}

absl::StatusOr<SendResult> Outbox::Send(transport::Pipe& pipe, const Packet& packet) {
  std::array<Bytes, 3> slices;
  std::size_t count = 0;
  for (const Bytes slice : {packet.small, packet.piece.prefix, packet.piece.payload}) {
    if (!slice.empty()) slices[count++] = slice;
  }
  return pipe.Send(std::span(slices).first(count));
}

void Outbox::Commit(const Packet& packet) {
  if (!packet.small.empty()) small_.Commit();
  queued_bytes_ -= packet.small.size();
  if (packet.large == nullptr) return;
  queued_bytes_ -= packet.large->cost();
  requests_not_begun_ -= IsRequestNotBegun(*packet.large);
  packet.large->Commit(packet.piece);
  queued_bytes_ += packet.large->cost();
  flying_ = packet.large;
  const auto turn = FindWaiting(flying_->header().call_id);
  if (flying_->done()) {
    retired_ = std::move(turn->messages.front());
    turn->messages.pop_front();
  }
  if (turn->messages.empty()) {
    Erase(turn);
  } else {
    waiting_.splice(waiting_.end(), waiting_, turn);
  }
}

void Outbox::Release() {
  small_.Release();
  const bool taken = retired_ != nullptr && retired_->done();  // It was not dropped.
  if (taken) large_counted_ -= IsCounted(retired_->header());
  retired_.reset();
  flying_ = nullptr;
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
