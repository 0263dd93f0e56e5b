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
    // It is of no more use. With the lock; the connection may be destroyed in here.
    virtual void OnPipeClosed(Connection& connection) = 0;

   protected:
    ~Owner() = default;
  };

  Connection(Core& core, Owner& owner, std::unique_ptr<transport::Pipe> pipe);
  ~Connection();

  // New calls may be given to it.
  bool usable() const { return !ending() && !peer_going_away() && !peer_gone_; }

  // Takes a call: sends it, or queues it until the server allows it.
  void Submit(Call& call);

  // Blocks until `call`, which was submitted, has ended or must look for another connection; reads
  // the connection meanwhile when nobody else does.
  void RunUntilDone(BlockingCall& call, Core::Lock& lock);

  bool IsReadBy(const Call& call) const override { return reader_.Is(call); }
  void Abandon(Call& call) override;

  // Ends all calls with CANCELLED, and the connection.
  void Shutdown();

  // Its limit does not speak against it, as far as that is known.
  bool MayTake(std::size_t message_size) const {
    return !hello_received() || peer_limits().Takes(message_size);
  }
  void SendMessage(const wire::FrameHeader& header, const internal::OutMessage& message) override;

 private:
  // Delegate and Deferred: loop thread.
  void OnReceive(transport::Bytes packet) override;
  void OnReceiveError(absl::Status status) override;
  void OnSent(absl::Status status) override;
  void OnIterationEnd() override;

  // Reader::Delegate: a caller's thread.
  void OnRead(transport::Bytes packet) override;
  void OnReadError(const absl::Status& error) override;
  void OnLookUp() override;

  // Calls, connection.cc.
  bool FitsNow(const Call& call) const;
  absl::Status CheckLimits(const Call& call) const;
  void Start(Call& call);
  void WakeReaderFor(std::size_t message_size);
  void Queue(Call& call);
  void StartOrFail(Call& call);
  void StartQueuedCalls();
  std::vector<Call*> WaitingCalls() const;
  void AddRequest(Call& call, std::uint64_t id);
  void QueueRequest(Call& call, std::uint64_t id);
  void TellCancel(std::uint64_t call_id);
  void Leave(Call& call);
  void Forget(Call& call);
  void Retry(Call& call, const absl::Status& why);
  enum class Unsent { kTryElsewhere, kEndToo };  // Calls that the server cannot have seen.
  void Fail(absl::Status status, Unsent unsent = Unsent::kTryElsewhere);
  void EndAll(const absl::Status& status, Unsent unsent);

  // The pipe, connection_io.cc.
  void Flush();
  void FlushSoon() override;
  void OnSendError(const absl::Status& error);
  absl::Status WhyLost(const absl::Status& error) const;
  void AttachAndFlush();
  bool Attach();
  bool must_read() const;
  void AssignReader();
  void ReadOnLoop();
  void ContinueReading();
  void ClosePipeIfDue();
  void OnWritable() override;

  // Frames, connection_frames.cc.
  void OnPacket(transport::Bytes packet);
  void OnFrames(transport::Bytes packet);
  absl::StatusOr<connection::MessageAssembler::Outcome> Assemble(Call& call,
                                                                 const wire::Frame& frame);
  absl::Status OnFrame(const wire::Frame& frame);
  absl::Status OnHello(const wire::Hello& hello, std::uint32_t version) override;
  absl::Status OnGoaway(const wire::Goaway& goaway, bool again) override;
  absl::Status OnPinged() override;
  absl::Status OnCallFrame(const wire::Frame& frame);
  absl::Status OnMessage(Call& call, const wire::Frame& frame);
  void OnUnwantedMessage(Call& call);
  absl::Status OnResponse(Call& call, const wire::Frame& frame);
  void OnLargeTrailers(Call& call, const wire::FrameHeader& header);
  void RetryAbove(std::uint64_t last_call_id, const absl::Status& why);
  void TellViolation(const absl::Status& found);
  absl::Status Violation(const absl::Status& found) const;
  void OnLateFrame(const wire::Frame& frame);
  void Finish(Call& call, absl::Status status, const wire::FrameHeader& header,
              wire::Bytes reply = {});

  Core& core_;
  Owner& owner_;

  std::uint64_t last_id_ = 0;
  CallTable calls_;                  // Those that the server may know of.
  base::LinkedQueue<Call> waiting_;  // For the Hello, or a free slot; in order.
  std::size_t live_ = 0;             // Calls here that have not ended.
  std::size_t unattended_ = 0;       // Of those, the ones that nobody reads for.

  bool peer_gone_ = false;           // Nothing can be sent; what it sent is still read.
  bool peer_serves_ = true;          // By its Hello.
  std::size_t unsent_requests_ = 0;  // About: since the last flush.
  bool received_ = false;            // A packet, on the loop, in this iteration.

  Reader reader_;
  transport::EventLoop* loop_ = nullptr;  // Not null: attached.
};

}  // namespace piperpc::client
