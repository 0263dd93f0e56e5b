// Frames on their way in: puts split messages together again, within limits.
//
// Nothing is allocated on the word of a peer: a message's buffer grows as its bytes arrive, and
// they are counted in the connection's share of the server's budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/connection/memory_budget.h"
#include "src/connection/packet_buffer.h"
#include "src/wire/frame.h"

namespace piperpc::connection {

// RESOURCE_EXHAUSTED: `share` has no room for `bytes` of a message.
absl::Status NoRoomToReceive(std::size_t bytes, const MemoryShare& share);

// One call's message in the making; lives in the call.
class MessageAssembler {
 public:
  explicit MessageAssembler(const BufferSource& buffers) : buffers_(buffers) {}  // Outlives it.
  ~MessageAssembler() { Clear(); }  // Gives back what it took.
  MessageAssembler(const MessageAssembler&) = delete;
  MessageAssembler& operator=(const MessageAssembler&) = delete;

  enum class Result {
    kWhole,  // `message` is whole: a view of the frame's payload, or of what was assembled.
    kMore,   // Further frames of it will come.
  };
  struct Outcome {
    Result result = Result::kMore;
    wire::Bytes message;  // Until the next call of Add() or Clear().
  };

  bool in_progress() const { return expected_ != 0; }
  std::uint64_t expected() const { return expected_; }  // Bytes, while it is in progress.

  // Takes a frame that carries (a part of) a message. INVALID_ARGUMENT: a violation of the protocol
  // (another kind in the middle, a size that does not match), the connection must end.
  // RESOURCE_EXHAUSTED: the message is too large or the budget has no room for it, the call must
  // end; the text names the size and the limit. Throws std::bad_alloc when the system has no memory
  // for it: the call must end, and Clear() is due.
  absl::StatusOr<Outcome> Add(const wire::Frame& frame, std::size_t max_message,
                              MemoryShare* budget) {
    if (!IsWhole(frame, max_message)) return AddPart(frame, max_message, budget);
    Clear();
    return Outcome{Result::kWhole, frame.payload};
  }

  // True when the message that Add() has just given was assembled in here, and so lasts until
  // Clear().
  bool Holds(wire::Bytes message) const {
    return !bytes_.empty() && message.data() == bytes_.data();
  }

  // Lets the message that Add() has just given last until Clear(): copied, unless it was assembled
  // in here. Throws std::bad_alloc.
  wire::Bytes Keep(wire::Bytes message);

  // What was taken of the budget for that message becomes the caller's to give back. Nothing, for
  // one that was not assembled in here.
  std::size_t TakeCharge() {
    budget_ = nullptr;
    return std::exchange(charged_, 0);
  }

  // What is taken of the budget at the moment; how much its buffer holds.
  std::size_t charged() const { return charged_; }
  std::size_t capacity() const { return bytes_.capacity(); }

  // Gives the message away that was assembled in here; TakeCharge() first.
  PacketBuffer TakeBytes() { return std::exchange(bytes_, {}); }

  // Forgets the message, and gives back its share of the budget.
  void Clear() {
    if (in_progress() || bytes_.capacity() != 0) Free();
  }

 private:
  // Nearly all messages are in one frame.
  bool IsWhole(const wire::Frame& frame, std::size_t max_message) const {
    const std::uint64_t size = frame.payload.size();
    const std::uint64_t stated = frame.header.message_size;
    return !in_progress() && !frame.header.more() && (stated == 0 || stated == size) &&
           size <= max_message;
  }
  absl::StatusOr<Outcome> AddPart(const wire::Frame& frame, std::size_t max_message,
                                  MemoryShare* budget);
  void Free();
  absl::Status Begin(const wire::Frame& frame, std::size_t max_message);
  absl::Status CheckNext(const wire::Frame& frame) const;
  absl::Status Append(wire::Bytes payload, MemoryShare* budget);
  void UseLargeBuffer(MemoryShare* budget);

  // Counts `bytes` in all, if that is more than what is counted. False: there is no room.
  bool Charge(std::size_t bytes, MemoryShare* budget);
  wire::Bytes assembled() const { return {bytes_.data(), bytes_.size()}; }

  const BufferSource& buffers_;
  wire::FrameKind kind_{};
  std::uint64_t expected_ = 0;
  PacketBuffer bytes_;
  std::size_t charged_ = 0;
  MemoryShare* budget_ = nullptr;
};

}  // namespace piperpc::connection
