// One connection of a channel: joins the bytes of its pipe to frames, and frames to calls.
//
// Once it is ending, all its calls have ended or went elsewhere, and its pipe is closed as soon as
// nobody reads it.
// Whoever reads it (see Reader) hands each frame to the call that it belongs to; calls that nobody
// is blocked in make the loop read, until no call is left.
//
// Everything needs the channel's lock, but for the delegate's functions, which take it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "src/base/linked_queue.h"
#include "src/client/blocking_call.h"
#include "src/client/call.h"
#include "src/client/call_connection.h"
#include "src/client/call_table.h"
#include "src/client/core.h"
#include "src/client/reader.h"
#include "src/transport/event_loop.h"
#include "src/transport/pipe.h"
#include "src/wire/control.h"
#include "src/wire/frame.h"

namespace piperpc::client {

class Connection final : public CallConnection,
                         public std::enable_shared_from_this<Connection>,
                         private transport::Pipe::Delegate,
                         private Reader::Delegate,
                         private transport::EventLoop::Deferred {
 public:
  // Who made it, and keeps it.
  class Owner {
   public:
    // The server takes calls on it.
    virtual void OnReady(Connection& connection) CHANNEL_LOCKED = 0;

    // It takes no new calls any more: because of this error, or the server is going away (OK).
    virtual void OnEnding(Connection& connection, const absl::Status& why) CHANNEL_LOCKED = 0;

    // It is of no more use. The connection may be destroyed in here.
    virtual void OnPipeClosed(Connection& connection) CHANNEL_LOCKED = 0;

   protected:
    ~Owner() = default;
  };

  Connection(Core& core, Owner& owner, std::unique_ptr<transport::Pipe> pipe);
  ~Connection();

  // New calls may be given to it.
  bool usable() const CHANNEL_LOCKED { return !ending() && !peer_going_away() && !peer_gone_; }

  // Takes a call: sends it, or queues it until the server allows it.
  void Submit(Call& call) CHANNEL_LOCKED;

  // Blocks until `call`, which was submitted, has ended or must look for another connection; reads
  // the connection meanwhile when nobody else does.
  void RunUntilDone(BlockingCall& call, Core::Lock& lock) CHANNEL_LOCKED;

  bool IsReadBy(const Call& call) const override CHANNEL_LOCKED { return reader_.Is(call); }
  void Abandon(Call& call) override CHANNEL_LOCKED;

  // Ends all calls with CANCELLED, and the connection.
  void Shutdown() CHANNEL_LOCKED;

  void SendMessage(std::uint64_t call_id,
                   const internal::OutMessage& message) override CHANNEL_LOCKED;

 private:
  // Delegate and Deferred: loop thread.
  void OnReceive(transport::Bytes packet) override CHANNEL_UNLOCKED;
  void OnReceiveError(absl::Status status) override CHANNEL_UNLOCKED;
  void OnSent(absl::Status status) override CHANNEL_UNLOCKED;
  void OnIterationEnd() override CHANNEL_UNLOCKED;

  // Reader::Delegate: a caller's thread.
  void OnRead(transport::Bytes packet) override CHANNEL_LOCKED;
  void OnReadError(const absl::Status& error) override CHANNEL_LOCKED;
  void OnLookUp() override CHANNEL_LOCKED;

  // Calls, connection.cc.
  bool FitsNow(const Call& call) const CHANNEL_LOCKED;
  absl::Status CheckLimits(const Call& call) const CHANNEL_LOCKED;
  void Start(Call& call) CHANNEL_LOCKED;
  void WakeReaderFor(std::size_t message_size) CHANNEL_LOCKED;
  void Queue(Call& call) CHANNEL_LOCKED;
  void StartOrFail(Call& call) CHANNEL_LOCKED;
  void StartQueuedCalls() CHANNEL_LOCKED;
  std::vector<Call*> WaitingCalls() const CHANNEL_LOCKED;
  void AddRequest(Call& call, std::uint64_t id) CHANNEL_LOCKED;
  void QueueRequest(Call& call, std::uint64_t id) CHANNEL_LOCKED;
  void TellCancel(std::uint64_t call_id) CHANNEL_LOCKED;
  void Leave(Call& call) CHANNEL_LOCKED;
  void Forget(Call& call) CHANNEL_LOCKED;
  void Retry(Call& call, const absl::Status& why) CHANNEL_LOCKED;
  // Calls that the server cannot have seen. kRefused: it has looked at none.
  enum class Unsent { kTryElsewhere, kEndToo, kRefused };
  void Fail(absl::Status status, Unsent unsent = Unsent::kTryElsewhere) CHANNEL_LOCKED;
  void EndAll(const absl::Status& status, Unsent unsent) CHANNEL_LOCKED;

  // The pipe, connection_io.cc.
  void Flush() CHANNEL_LOCKED;
  void FlushUnlessRepliesAreDue() CHANNEL_UNLOCKED;
  void FlushSoon() override CHANNEL_LOCKED;
  void OnSendError(const absl::Status& error) CHANNEL_LOCKED;
  absl::Status WhyLost(const absl::Status& error) const CHANNEL_LOCKED;
  void AttachAndFlush() CHANNEL_LOCKED;
  bool Attach() CHANNEL_LOCKED;
  bool must_read() const CHANNEL_LOCKED;
  void AssignReader() CHANNEL_LOCKED;
  void ReadOnLoop() CHANNEL_LOCKED;
  void ContinueReading() CHANNEL_LOCKED;
  void ClosePipeIfDue() CHANNEL_LOCKED;

  // For work that was posted to it. Not analysed: without the lock; once there is a loop, it stays.
  transport::EventLoop& attached_loop() const ABSL_NO_THREAD_SAFETY_ANALYSIS { return *loop_; }
  void OnWritable() override CHANNEL_LOCKED;

  // Frames, connection_frames.cc.
  void OnPacket(transport::Bytes packet) CHANNEL_LOCKED;
  void OnFrames(transport::Bytes packet) CHANNEL_LOCKED;
  absl::StatusOr<connection::MessageAssembler::Outcome> Assemble(
      Call& call, const wire::Frame& frame) CHANNEL_LOCKED;
  absl::Status OnFrame(const wire::Frame& frame) CHANNEL_LOCKED;
  absl::Status OnHello(const wire::Hello& hello, std::uint32_t version) override CHANNEL_LOCKED;
  absl::Status OnGoaway(const wire::Goaway& goaway, bool again) override CHANNEL_LOCKED;
  absl::Status OnPinged() override CHANNEL_LOCKED;
  absl::Status OnCallFrame(const wire::Frame& frame) CHANNEL_LOCKED;
  absl::Status OnMessage(Call& call, const wire::Frame& frame) CHANNEL_LOCKED;
  void OnUnwantedMessage(Call& call) CHANNEL_LOCKED;
  absl::Status OnResponse(Call& call, const wire::Frame& frame) CHANNEL_LOCKED;
  void OnLargeTrailers(Call& call, const wire::FrameHeader& header) CHANNEL_LOCKED;
  void RetryAbove(std::uint64_t last_call_id, const absl::Status& why) CHANNEL_LOCKED;
  void TellViolation(const absl::Status& found) CHANNEL_LOCKED;
  absl::Status Violation(const absl::Status& found) const CHANNEL_LOCKED;
  void OnLateFrame(const wire::Frame& frame) CHANNEL_LOCKED;
  void Finish(Call& call, absl::Status status, const wire::FrameHeader& header,
              wire::Bytes reply = {}) CHANNEL_LOCKED;
  void FinishOrRetry(Call& call, absl::Status status,
                     const wire::FrameHeader& header) CHANNEL_LOCKED;
  void FreeSlot(Call& call) CHANNEL_LOCKED;

  Core& core_;
  Owner& owner_;

  std::uint64_t last_id_ CHANNEL_GUARDED = 0;
  CallTable calls_ CHANNEL_GUARDED;                  // Those that the server may know of.
  base::LinkedQueue<Call> waiting_ CHANNEL_GUARDED;  // For the Hello, or a free slot; in order.
  std::size_t live_ CHANNEL_GUARDED = 0;             // Calls here that have not ended.
  std::size_t without_reader_ CHANNEL_GUARDED = 0;   // Of those, the ones that nobody reads for.

  bool peer_gone_ CHANNEL_GUARDED = false;   // Nothing can be sent; what it sent is still read.
  bool peer_serves_ CHANNEL_GUARDED = true;  // By its Hello.
  std::size_t unsent_requests_ CHANNEL_GUARDED = 0;  // About: since the last flush.
  bool received_ CHANNEL_GUARDED = false;            // A packet, on the loop, in this iteration.

  std::size_t begun_on_loop_ = 0;  // Loop thread. What was to be sent there since the last packet.

  Reader reader_ CHANNEL_GUARDED;
  transport::EventLoop* loop_ CHANNEL_GUARDED = nullptr;  // Not null: attached.
};

}  // namespace piperpc::client
