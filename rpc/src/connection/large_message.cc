#include "src/connection/large_message.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace piperpc::connection {
namespace {

// A message is not cut into smaller pieces than this: each costs a header here and a search there.
constexpr std::size_t kLeastPiece = 4096;

std::string_view Rebase(std::string_view view, const std::string& owner, std::size_t& offset) {
  const std::string_view moved(owner.data() + offset, view.size());
  offset += view.size();
  return moved;
}

}  // namespace

LargeMessage::LargeMessage(const wire::FrameHeader& header, const internal::OutMessage& message,
                           std::uint64_t after, LargeBufferPool& buffers)
    : header_(header), payload_(buffers.Take(message.size())), after_(after), buffers_(buffers) {
  payload_.Reserve(message.size());
  message.WriteTo(payload_.Append(message.size()));
  CopyViews();
}

LargeMessage::LargeMessage(const wire::FrameHeader& header, wire::Bytes payload,
                           std::uint64_t after, LargeBufferPool& buffers)
    : header_(header), after_(after), buffers_(buffers) {
  if (!payload.empty()) {
    std::memcpy(payload_.Append(payload.size()), payload.data(), payload.size());
  }
  CopyViews();
}

LargeMessage::~LargeMessage() { buffers_.Give(std::move(payload_)); }

// All the memory that its frames will need.
void LargeMessage::CopyViews() {
  prefix_.Reserve(wire::FrameSizeBound(header_, 0));
  views_.reserve(header_.method.size() + header_.metadata.size() + header_.status.size());
  views_.append(header_.method).append(header_.metadata).append(header_.status);
  std::size_t offset = 0;
  header_.method = Rebase(header_.method, views_, offset);
  header_.metadata = Rebase(header_.metadata, views_, offset);
  header_.status = Rebase(header_.status, views_, offset);
}

// A REQUEST says what it is in its first frame, a RESPONSE how it ended in its last.
wire::FrameHeader LargeMessage::PartHeader(bool last) const {
  const bool first = !begun_;
  const bool response = header_.kind == wire::FrameKind::kResponse;
  wire::FrameHeader part;
  part.kind = header_.kind;
  part.call_id = header_.call_id;
  part.flags = last ? header_.flags : header_.flags | wire::kMore;
  if (first) {
    part.method = header_.method;
    part.timeout_us = header_.timeout_us;
    if (!last) part.message_size = payload_.size();
  }
  if (response ? last : first) part.metadata = header_.metadata;
  if (last) {
    part.has_status = header_.has_status;
    part.status = header_.status;
  }
  return part;
}

LargeMessage::Piece LargeMessage::Next(std::size_t room) {
  const std::size_t left = payload_.size() - sent_;
  Piece piece;
  piece.last = true;
  wire::FrameHeader header = PartHeader(true);
  std::size_t prefix = wire::FramePrefixSize(header);
  std::size_t size = left;
  if (prefix + left > room) {
    piece.last = false;
    header = PartHeader(false);
    prefix = wire::FramePrefixSize(header);
    if (left == 0 || room < prefix + std::min(left, kLeastPiece)) return {};
    size = std::min(left - 1, room - prefix);  // The last frame is not to be empty.
  }
  prefix_.clear();
  char* const out = prefix_.Append(prefix);
  wire::EncodeFramePrefix(header, size, out);
  piece.prefix = {out, prefix};
  piece.payload = {payload_.data() + sent_, size};
  return piece;
}

void LargeMessage::Commit(const Piece& piece) {
  begun_ = true;
  sent_ += piece.payload.size();
  done_ = piece.last;
}

}  // namespace piperpc::connection
