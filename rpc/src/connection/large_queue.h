// The large messages of one connection that wait to be sent, a piece in each packet. Those of one
// call stay in order; the calls are served round robin. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>

#include "src/connection/large_message.h"
#include "src/wire/frame.h"

namespace piperpc::connection {

class LargeQueue {
 public:
  // `counted`: the kind of messages that counted() is about.
  explicit LargeQueue(wire::FrameKind counted) : counted_kind_(counted) {}
  LargeQueue(const LargeQueue&) = delete;
  LargeQueue& operator=(const LargeQueue&) = delete;

  bool empty() const { return calls_.empty(); }

  // Throws std::bad_alloc, and is as before then.
  void Add(std::unique_ptr<LargeMessage> message);

  // A frame like this waits in here, too: behind a message of its own call; and, for a REQUEST,
  // behind those that are to begin before it.
  bool MustWait(const wire::FrameHeader& header) const {
    if (header.kind == wire::FrameKind::kRequest && requests_not_begun_ > 0) return true;
    return by_call_.contains(header.call_id);
  }

  // The call's REQUEST waits, and no part of it was sent.
  bool HoldsRequest(std::uint64_t call_id) const;

  // Adds the calls of which that is so.
  void CollectRequests(std::set<std::uint64_t>& calls) const;

  // Forgets a call's messages, also one of which a part was sent. The pipe may still read that.
  void Drop(std::uint64_t call_id);

  // Forgets all of them. The pipe is closed, and reads nothing any more.
  void DropAll();

  struct Piece {
    LargeMessage* message = nullptr;  // Null: there is none.
    LargeMessage::Piece piece;
  };

  // The next piece, of at most `room` bytes, of a message before which no small frame has to go:
  // `gone` of their bytes have, see LargeMessage::after().
  Piece Next(std::size_t room, std::uint64_t gone);

  // It was handed to the pipe, which may read it until Release().
  void Commit(const Piece& piece);
  void Release();

  // What they count for: LargeMessage::cost().
  std::size_t bytes() const { return bytes_; }

  // Bytes of their frames that were handed to the pipe.
  std::uint64_t sent_bytes() const { return sent_bytes_; }

  // Messages of the counted kind that the pipe has not taken, to the end of their last piece.
  std::size_t counted() const { return counted_; }

 private:
  struct CallQueue {
    std::uint64_t call_id;
    std::deque<std::unique_ptr<LargeMessage>> messages;
    bool HoldsRequest() const;
  };
  using CallQueues = std::list<CallQueue>;

  void Push(std::unique_ptr<LargeMessage> message);
  void Erase(CallQueues::iterator call);
  bool IsCounted(const LargeMessage& message) const {
    return message.header().kind == counted_kind_;
  }

  const wire::FrameKind counted_kind_;
  std::uint32_t counted_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::size_t requests_not_begun_ = 0;                     // Calls begin in the order of their ids.
  CallQueues calls_;                                       // The first one is next.
  std::map<std::uint64_t, CallQueues::iterator> by_call_;  // By the call.
  std::unique_ptr<LargeMessage> retired_;  // Dropped or done, but the pipe still reads it.
  LargeMessage* flying_ = nullptr;         // That whose piece the pipe reads.
};

}  // namespace piperpc::connection
