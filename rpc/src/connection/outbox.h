// Frames on their way out of one connection: puts those that are ready into one packet, splits
// large messages and sends their pieces in between the frames of other calls.
//
// Order: frames of one call stay in order. A frame behind a large message of its own call waits for
// it; CANCEL and CREDIT do not, nor do frames of other calls. Small frames come first in every
// packet, and large messages take turns at the rest of it. Not thread-safe: the connection takes
// turns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>

#include "absl/status/statusor.h"
#include "piperpc/internal/codec.h"
#include "src/connection/large_queue.h"
#include "src/connection/packet_buffer.h"
#include "src/connection/small_queue.h"
#include "src/transport/pipe.h"
#include "src/wire/frame.h"
#include "src/wire/limits.h"

namespace piperpc::connection {

class Outbox {
 public:
  // `buffers`: where they come from, and go back to when nothing waits; outlives the outbox.
  // `counted`: the kind of frames that the peer makes this side
  // send, see counted().
  explicit Outbox(const BufferSource& buffers,
                  wire::FrameKind counted = wire::FrameKind::kResponse);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // The largest packet that the peer takes; from its Hello. Before that: wire::kEarlyPacketBytes.
  void set_max_packet(std::size_t bytes) { max_packet_ = bytes; }

  // Adds a frame with no message of a call in it: its payload is copied. Small by nature.
  void Add(const wire::FrameHeader& header, wire::Bytes payload = {});

  // Adds a message, serialised at once: into the packet being built when it is small, else into a
  // buffer of its own that is split into frames like `header` as the pipe takes them. What
  // `header` views is copied. Throws std::bad_alloc when there is no memory for it; the outbox is
  // as before then, and the call must end.
  void AddMessage(const wire::FrameHeader& header, const internal::OutMessage& message);

  // The same for a MESSAGE, whose header says no more than its call: in less time.
  void AddMessage(std::uint64_t call_id, const internal::OutMessage& message);

  // True when the call's REQUEST waits in here as a large one, and no part of it was sent: after a
  // Drop() the peer will never know of the call.
  bool HoldsRequest(std::uint64_t call_id) const {
    return large_ != nullptr && large_->HoldsRequest(call_id);
  }

  // The calls whose REQUEST was not handed to the pipe, not even a part of it. For a pipe that has
  // died: the peer cannot have seen these.
  std::set<std::uint64_t> UnsentRequests() const;

  // Drops what has not begun to be sent of the call's frames. A message of it may be cut in the
  // middle by that: the receiver waits for the rest, and a RESPONSE with a status, or CANCEL, ends
  // that.
  void Drop(std::uint64_t call_id);

  // Drops all that is not small. For a pipe that is closed, and reads nothing of it any more.
  void DropLarge();

  // Sends as much as `pipe` takes. kSent: all is sent. kPending: the pipe will say OnSent(), then
  // call OnSent() here and Flush() again. kWouldBlock: see Pipe::Send(). An error: the pipe is
  // dead.
  absl::StatusOr<transport::SendResult> Flush(transport::Pipe& pipe);

  // The pending send is over.
  void OnSent();

  bool empty() const { return queued_bytes_ == 0; }
  bool sending() const { return sending_; }

  // Bytes added and not yet handed to the pipe.
  std::size_t queued_bytes() const { return queued_bytes_; }

  // Bytes that were handed to the pipe.
  std::uint64_t sent_bytes() const {
    return small_.sent() + (large_ != nullptr ? large_->sent_bytes() : 0);
  }

  // Frames of the counted kind that were added and that the pipe has not taken, also those in a
  // send that is pending; a split message is one of them, until its last frame is taken.
  std::size_t counted() const {
    return small_.counted() + (large_ != nullptr ? large_->counted() : 0);
  }

 private:
  // What is being handed to the pipe.
  struct Packet {
    transport::Bytes small;
    LargeQueue::Piece large;
  };

  bool MustWait(const wire::FrameHeader& header) const {
    return large_ != nullptr && large_->MustWait(header);
  }
  template <typename Content>
  void AddLarge(const wire::FrameHeader& header, const Content& content);
  bool IsCounted(const wire::FrameHeader& header) const { return header.kind == counted_kind_; }
  char* RoomFor(std::size_t frame_bytes);
  void Added(std::size_t frame_bytes);
  char* AddSmall(const wire::FrameHeader& header, std::size_t payload_size);
  Packet NextPacket();
  absl::StatusOr<transport::SendResult> Send(transport::Pipe& pipe, const Packet& packet);
  void Commit(const Packet& packet);
  void Release();
  void CountQueued();

  const wire::FrameKind counted_kind_;
  bool sending_ = false;
  std::size_t max_packet_ = wire::kEarlyPacketBytes;
  std::size_t queued_bytes_ = 0;
  SmallQueue small_;
  std::unique_ptr<LargeQueue> large_;  // Null until there is a large message.
};

}  // namespace piperpc::connection
