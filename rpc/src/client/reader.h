// Who reads a connection. Reading is a role: a caller that is blocked in a call of its own takes it
// when nobody has it, so that a call costs one send and one receive on one thread; when it leaves,
// another one follows. Else the loop has it, for calls that nobody is blocked in.
//
// All of it needs the channel's lock; what is not guarded belongs to who has the role.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/base/clock.h"
#include "src/base/page_offset_buffer.h"
#include "src/client/blocking_call.h"
#include "src/client/channel_mutex.h"
#include "src/client/core.h"
#include "src/transport/pipe.h"

namespace piperpc::client {

class Reader {
 public:
  // The connection, which is told what the caller's thread reads.
  class Delegate {
   public:
    virtual void OnRead(transport::Bytes packet) CHANNEL_LOCKED = 0;
    virtual void OnReadError(const absl::Status& error) CHANNEL_LOCKED = 0;

    // The caller has come back from the pipe, as LookUpSoon() asked for.
    virtual void OnLookUp() CHANNEL_LOCKED = 0;

   protected:
    ~Delegate() = default;
  };

  // All of them outlive it. `spin`: see ChannelOptions.
  Reader(Delegate& delegate, transport::Pipe& pipe, base::Duration spin)
      : delegate_(delegate), pipe_(pipe), spin_(spin) {}

  bool is_nobody() const CHANNEL_LOCKED { return role_ == Role::kNobody; }
  bool is_caller() const CHANNEL_LOCKED { return role_ == Role::kCaller; }
  bool Is(const Call& call) const CHANNEL_LOCKED { return call_ == &call; }  // Its caller.

  // A caller is inside the pipe's ReceiveUntil(): the pipe must not be attached.
  bool receiving() const CHANNEL_LOCKED { return receiving_; }

  // The loop reads from now on; does not any more.
  void BecomeLoop() CHANNEL_LOCKED { role_ = Role::kLoop; }
  void EndLoop() CHANNEL_LOCKED { role_ = Role::kNobody; }

  // Blocks for a while, until `call` may have ended: reads, or waits for who does.
  void ReadOrWait(BlockingCall& call, Core::Lock& lock) CHANNEL_LOCKED;

  // The delegate is called as soon as the caller that is inside the pipe has come back.
  void LookUpSoon() CHANNEL_LOCKED { look_up_ = true; }

  // One of the callers that wait, and may read, looks up; all of them.
  void WakeOne() CHANNEL_LOCKED;
  void WakeAll() CHANNEL_LOCKED;

  // So much was sent, of which the server says nothing. True: it must be made to say something, as
  // a pipe that becomes full must be attached, which waits for the caller that receives from it.
  bool MustBeWoken(std::size_t bytes_sent) CHANNEL_LOCKED;

 private:
  enum class Role { kNobody, kCaller, kLoop };
  class CallersRole;  // While it lives.

  void ReadAsCaller(BlockingCall& call, Core::Lock& lock) CHANNEL_LOCKED;
  void MakeBuffer();
  void WaitForReader(BlockingCall& call, Core::Lock& lock) CHANNEL_LOCKED;
  void ReceiveOne(Core::Lock& lock, base::TimePoint limit) CHANNEL_LOCKED;
  absl::StatusOr<std::size_t> ReceivePacket(base::TimePoint limit) CHANNEL_UNLOCKED;

  Delegate& delegate_;
  transport::Pipe& pipe_;
  const base::Duration spin_;
  Role role_ CHANNEL_GUARDED = Role::kNobody;
  const BlockingCall* call_ CHANNEL_GUARDED = nullptr;  // Whose caller it is.
  bool receiving_ CHANNEL_GUARDED = false;
  bool look_up_ CHANNEL_GUARDED = false;
  std::size_t unanswered_bytes_ CHANNEL_GUARDED = 0;    // Sent since it went in there.
  std::vector<BlockingCall*> waiting_ CHANNEL_GUARDED;  // Those that do not read.
  base::PageOffsetBuffer buffer_;                       // What callers receive into.
  std::size_t buffer_size_ = 0;
};

}  // namespace piperpc::client
