// A message that waits for its turn: what of it goes into the next packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "piperpc/internal/codec.h"
#include "src/connection/packet_buffer.h"
#include "src/transport/pipe.h"
#include "src/wire/frame.h"

namespace piperpc::connection {

class LargeMessage {
 public:
  // Serialises `message`, and copies what `header` views. It may be sent when `after` bytes of the
  // queue of small frames have gone: those of its call are among them. `buffers` outlives it.
  LargeMessage(const wire::FrameHeader& header, const internal::OutMessage& message,
               std::uint64_t after, LargeBufferPool& buffers);
  LargeMessage(const wire::FrameHeader& header, wire::Bytes payload, std::uint64_t after,
               LargeBufferPool& buffers);
  ~LargeMessage();
  LargeMessage(const LargeMessage&) = delete;
  LargeMessage& operator=(const LargeMessage&) = delete;

  const wire::FrameHeader& header() const { return header_; }
  std::uint64_t after() const { return after_; }
  bool begun() const { return begun_; }
  bool done() const { return done_; }

  // What it counts for in the outbox: at first, and after each Commit() what is left.
  std::size_t cost() const { return done_ ? 0 : payload_.size() - sent_ + kOverhead; }

  // One frame.
  struct Piece {
    transport::Bytes prefix;
    transport::Bytes payload;
    bool last = false;
    bool empty() const { return prefix.empty(); }
  };

  // The next frame, of at most `room` bytes; empty when there is too little room for one to be
  // worth it. Valid until the next call.
  Piece Next(std::size_t room);

  // `piece` was handed to the pipe, which may read it until the object goes away or Next().
  void Commit(const Piece& piece);

 private:
  static constexpr std::size_t kOverhead = 64;

  void CopyViews();
  wire::FrameHeader PartHeader(bool last) const;

  wire::FrameHeader header_;
  std::string views_;  // What header_ refers to.
  PacketBuffer payload_;
  PacketBuffer prefix_;
  const std::uint64_t after_;
  LargeBufferPool& buffers_;
  std::size_t sent_ = 0;
  bool begun_ = false;
  bool done_ = false;
};

}  // namespace piperpc::connection
