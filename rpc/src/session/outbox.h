// Frames on their way out of one connection: puts those that are ready into one packet, splits
// large messages and sends their pieces in between the frames of other calls.
//
// Order: frames of one call stay in order. A frame behind a large message of its own call waits for
// it; frames of other calls do not. Not thread-safe: the session takes turns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/codec.h"
#include "src/transport/pipe.h"
#include "src/wire/frame.h"

namespace piperpc {

class Outbox {
 public:
  Outbox();
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // The largest packet that the peer takes; from its Hello. Before that: wire::kEarlyPacketBytes.
  void set_max_packet(std::size_t bytes);

  // Adds a frame with no message of a call in it: its payload is copied. Small by nature.
  void Add(const wire::FrameHeader& header, wire::Bytes payload = {});

  // Adds a message, serialised at once: into the packet being built when it is small, else into a
  // buffer of its own that is split into frames like `header` as the pipe takes them. What
  // `header` views is copied.
  void AddMessage(const wire::FrameHeader& header, const internal::OutMessage& message);

  // Drops what has not begun to be sent of the call's frames. True when a message of it was cut in
  // the middle: the receiver waits for the rest, and a RESPONSE with a status, or CANCEL, ends
  // that.
  bool Drop(std::uint64_t call_id);

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

 private:
  struct Large;
  // The rest of the members are the implementation's.
  std::size_t queued_bytes_ = 0;
  bool sending_ = false;
};

}  // namespace piperpc
