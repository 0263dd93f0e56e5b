#include "src/connection/reassembly.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::connection {
namespace {

absl::Status TooLarge(std::uint64_t size, std::size_t limit) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "the message has ", size, " bytes; the limit is ", limit, " (max_message_bytes)"));
}

absl::Status Mismatch(std::uint64_t have, std::uint64_t expected) {
  return absl::InvalidArgumentError(absl::StrCat("a message announced with ", expected,
                                                 " bytes has frames with ", have, " bytes"));
}

}  // namespace

absl::Status NoRoomToReceive(std::size_t bytes, const MemoryShare& share) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "cannot receive ", bytes,
      " more bytes of a message: the messages that are being received or wait for ",
      "their handlers have reached ", share.LimitInTheWay(bytes), "; try again later"));
}

void MessageAssembler::Free() {
  if (budget_ != nullptr) budget_->Give(charged_);
  budget_ = nullptr;
  charged_ = 0;
  expected_ = 0;
  if (bytes_.capacity() != 0) buffers_.large().Give(std::exchange(bytes_, {}));
}

wire::Bytes MessageAssembler::Keep(wire::Bytes message) {
  if (bytes_.empty() && !message.empty()) {
    std::memcpy(bytes_.Append(message.size()), message.data(), message.size());
  }
  return assembled();
}

absl::StatusOr<MessageAssembler::Outcome> MessageAssembler::AddPart(const wire::Frame& frame,
                                                                    std::size_t max_message,
                                                                    MemoryShare* budget) {
  absl::Status status;
  if (in_progress()) {
    status = CheckNext(frame);
  } else {
    Clear();
    status = Begin(frame, max_message);
  }
  if (status.ok()) status = Append(frame.payload, budget);
  if (!status.ok()) {
    Clear();
    return status;
  }
  if (frame.header.more()) return Outcome{Result::kMore, {}};
  expected_ = 0;
  if (charged_ > bytes_.size()) {
    budget_->Give(charged_ - bytes_.size());
    charged_ = bytes_.size();
  }
  return Outcome{Result::kWhole, assembled()};
}

// The first frame of a message; or the only one, when something is wrong with it.
absl::Status MessageAssembler::Begin(const wire::Frame& frame, std::size_t max_message) {
  const std::uint64_t size = frame.payload.size();
  const std::uint64_t stated = frame.header.message_size;
  const bool one_frame = !frame.header.more();
  if (one_frame && (stated == 0 || stated == size)) return TooLarge(size, max_message);
  if (one_frame || size == 0 || size >= stated) return Mismatch(size, stated);
  if (stated > max_message) return TooLarge(stated, max_message);
  kind_ = frame.header.kind;
  expected_ = stated;
  return absl::OkStatus();
}

absl::Status MessageAssembler::CheckNext(const wire::Frame& frame) const {
  if (frame.header.kind != kind_) {
    return absl::InvalidArgumentError(
        absl::StrCat("a frame of kind ", static_cast<std::uint32_t>(frame.header.kind),
                     " in the middle of a message of kind ", static_cast<std::uint32_t>(kind_)));
  }
  const std::uint64_t stated = frame.header.message_size;
  if (stated != 0 && stated != expected_) return Mismatch(stated, expected_);
  if (frame.payload.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a frame without a payload in the middle of a message of ", expected_, " bytes"));
  }
  const std::uint64_t have = bytes_.size() + frame.payload.size();
  const bool whole = have == expected_;
  if (have > expected_ || whole == frame.header.more()) {
    return Mismatch(have, expected_);
  }
  return absl::OkStatus();
}

bool MessageAssembler::Charge(std::size_t bytes, MemoryShare* budget) {
  if (budget == nullptr || bytes <= charged_) return true;
  if (!budget->Take(bytes - charged_)) return false;
  budget_ = budget;
  charged_ = bytes;
  return true;
}

// One that was used before has room for the whole message. It is counted before the bytes have
// come: so it is only for those who have plenty of room left.
void MessageAssembler::UseLargeBuffer(MemoryShare* budget) {
  PacketBuffer large = buffers_.large().Take(expected_);
  const std::size_t size = large.capacity();
  if (size == 0) return;
  const bool plenty = budget == nullptr || budget->used() + size <= budget->limit() / 4;
  if (!plenty || !Charge(size, budget)) return buffers_.large().Give(std::move(large));
  bytes_ = std::move(large);
}

absl::Status MessageAssembler::Append(wire::Bytes payload, MemoryShare* budget) {
  const std::size_t needed = bytes_.size() + payload.size();
  if (bytes_.empty()) UseLargeBuffer(budget);
  if (!Charge(needed, budget)) return NoRoomToReceive(needed - charged_, *budget);
  if (needed > bytes_.capacity()) {
    bytes_.Reserve(std::min<std::uint64_t>(expected_, std::max(needed, 2 * bytes_.capacity())));
  }
  std::memcpy(bytes_.Append(payload.size()), payload.data(), payload.size());
  return absl::OkStatus();
}

}  // namespace piperpc::connection
