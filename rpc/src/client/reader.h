// Who reads a connection. Reading is a role: a caller that is blocked in a call of its own takes it
// when nobody has it, so that a call costs one send and one receive on one thread; when it leaves,
// another one follows. Else the loop has it, for calls that nobody is blocked in.
//
// All of it needs the channel's lock.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/base/clock.h"
#include "src/base/page_offset_buffer.h"
#include "src/client/blocking_call.h"
#include "src/client/core.h"
#include "src/transport/pipe.h"

namespace piperpc::client {

class Reader {
 public:
  // The connection, which is told what the caller's thread reads.
  class Delegate {
   public:
    virtual void OnRead(transport::Bytes packet) = 0;
    virtual void OnReadError(const absl::Status& error) = 0;

    // The caller has come back from the pipe, as LookUpSoon() asked for.
    virtual void OnLookUp() = 0;

   protected:
    ~Delegate() = default;
  };

  // All of them outlive it. `spin`: see ChannelOptions.
  Reader(Delegate& delegate, transport::Pipe& pipe, base::Duration spin)
      : delegate_(delegate), pipe_(pipe), spin_(spin) {}

  bool is_nobody() const { return role_ == Role::kNobody; }
  bool is_caller() const { return role_ == Role::kCaller; }
  bool Is(const Call& call) const { return call_ == &call; }  // Its caller.

  // A caller is inside the pipe's ReceiveUntil(): the pipe must not be attached.
  bool receiving() const { return receiving_; }

  // The loop reads from now on; does not any more.
  void BecomeLoop() { role_ = Role::kLoop; }
  void EndLoop() { role_ = Role::kNobody; }

  // Blocks for a while, until `call` may have ended: reads, or waits for who does.
  void ReadOrWait(BlockingCall& call, Core::Lock& lock);

  // The delegate is called as soon as the caller that is inside the pipe has come back.
  void LookUpSoon() { look_up_ = true; }

  // One of the callers that wait, and may read, looks up; all of them.
  void WakeOne();
  void WakeAll();

  // So much was sent, of which the server says nothing. True: it must be made to say something, as
  // a pipe that becomes full must be attached, which waits for the caller that receives from it.
  bool MustBeWoken(std::size_t bytes_sent);

 private:
  enum class Role { kNobody, kCaller, kLoop };
  class CallersRole;  // While it lives.

  void ReadAsCaller(BlockingCall& call, Core::Lock& lock);
  void MakeBuffer();
  void WaitForReader(BlockingCall& call, Core::Lock& lock);
  void ReceiveOne(Core::Lock& lock, base::TimePoint limit);
  absl::StatusOr<std::size_t> ReceivePacket(base::TimePoint limit);

  Delegate& delegate_;
  transport::Pipe& pipe_;
  const base::Duration spin_;
  Role role_ = Role::kNobody;
  const BlockingCall* call_ = nullptr;  // Whose caller it is.
  bool receiving_ = false;
  bool look_up_ = false;
  std::size_t unanswered_bytes_ = 0;    // Sent since it went in there.
  std::vector<BlockingCall*> waiting_;  // Those that do not read.
  base::PageOffsetBuffer buffer_;       // What callers receive into.
  std::size_t buffer_size_ = 0;
};

}  // namespace piperpc::client
