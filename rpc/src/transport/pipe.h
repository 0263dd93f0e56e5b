// One end of a message-mode pipe, as a completion contract.
//
// An operation is started, and finishes exactly once. Windows works that way (overlapped I/O), so
// the contract does, and io_uring, epoll and the in-memory pipe fulfil the same one.
//
// A pipe begins *detached*: the thread that owns it may Send() and ReceiveUntil() with no event
// loop at all. That is how a blocking client call costs one send and one receive. Attach() ties the
// pipe to a loop, for good; from then on Receive() works, and a send that does not fit is finished
// by the loop.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/peer.h"
#include "src/base/clock.h"

namespace piperpc::transport {

class EventLoop;

// A run of bytes that somebody else owns.
using Bytes = std::span<const char>;

// What the pipes of a system carry. Packets larger than this are never sent, and one that arrives
// is an error (OUT_OF_RANGE).
inline constexpr std::size_t kMaxPacketBytes = 256 * 1024;

// What became of a Send().
enum class SendResult {
  kSent,        // The packet is on its way; the slices are free again. No OnSent() follows.
  kPending,     // The slices must stay as they are until OnSent(). Only on an attached pipe.
  kWouldBlock,  // Nothing was taken: the pipe is full and detached. Attach() it and send again.
};

// How Close() treats what was already sent.
enum class CloseMode {
  kAbort,  // At once. What the peer has not read yet may be lost.
  kDrain,  // What was sent reaches a peer that reads it: waits for it, at most kDrainLimit.
};
inline constexpr base::Duration kDrainLimit = std::chrono::seconds(1);

class Pipe {
 public:
  // Called on the thread of the loop that the pipe is attached to. Never from inside a call to the
  // pipe: a result that is known at once is still delivered by the loop, or returned.
  class Delegate {
   public:
    // The packet that answers one Receive(). Never empty, never larger than max_packet_bytes().
    // `packet` is valid until this function returns. Receive() and Close() may be called in here.
    virtual void OnReceive(Bytes packet) = 0;

    // Receive() ended with no packet, and none will come. UNAVAILABLE: the peer has closed or is
    // gone. OUT_OF_RANGE: a packet above max_packet_bytes(). Anything else: the system's own error.
    virtual void OnReceiveError(absl::Status status) = 0;

    // A Send() that returned kPending is over; its slices are free. When not OK the pipe is of no
    // more use, and UNAVAILABLE means that the peer is gone.
    virtual void OnSent(absl::Status status) = 0;

   protected:
    ~Delegate() = default;
  };

  virtual ~Pipe() = default;  // A pipe that was attached must have completed Close() before.
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  // Ties the pipe to `loop`; once, by any thread, while no other call runs. Both must outlive the
  // completion of Close().
  virtual void Attach(EventLoop& loop, Delegate& delegate) = 0;

  // Starts to receive one packet; the delegate gets it, or an error. One at a time. Loop thread.
  virtual void Receive() = 0;

  // Sends the slices, joined, as one packet. Not empty, at most max_packet_bytes() and 64 slices.
  // One at a time: not while an earlier send is pending. Any thread, callers take turns among
  // themselves. An error means that the pipe is of no more use; the delegate is not told.
  virtual absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) = 0;

  // Receives one packet into `buffer` (at least max_packet_bytes()) on the calling thread, and
  // gives its size. Not while a Receive() is outstanding. With a deadline that has passed it takes
  // what is there and does not wait. Errors as for OnReceiveError(), and DEADLINE_EXCEEDED (with no
  // text, which would cost memory), after which the pipe is as before. Any thread, one at a time.
  virtual absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                                   base::TimePoint deadline) = 0;

  // The peer has read all that was sent. False where that cannot be known. Any thread.
  virtual bool AllRead() const { return false; }

  // Ends everything. Outstanding operations are cancelled and reported to nobody; `closed` is
  // called on the loop when no buffer and no delegate will be touched again (at once when
  // detached). Loop thread, or any thread when detached. A second call is an error of the caller.
  virtual void Close(CloseMode mode, absl::AnyInvocable<void()> closed) = 0;

  // The largest packet that it carries.
  virtual std::size_t max_packet_bytes() const { return kMaxPacketBytes; }

  // Who is on the other side, as the kernel saw it at connect.
  virtual const Peer& peer() const = 0;

 protected:
  Pipe() = default;
};

}  // namespace piperpc::transport
