// How a connection's bytes come and go: who reads, who writes, and the end of the pipe.
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/client/connection.h"
#include "src/connection/flush_rules.h"

namespace piperpc::client {
namespace {

using transport::SendResult;

// A server that refuses many clients at once closes some of them without a reason; so does what is
// no server of this protocol.
absl::Status Lost(const Core& core, bool hello_received, const absl::Status& cause) {
  return absl::UnavailableError(absl::StrCat(
      "the connection to ", core.endpoint_text(), " was lost: ", cause.message(),
      hello_received ? ""
                     : " before the server sent anything; it may have too many connections, or "
                       "may not be a PipeRPC server"));
}

}  // namespace

void Connection::Flush() {
  unsent_requests_ = 0;
  if (ending() || peer_gone_) return;
  if (outbox().empty()) return NotifyWritable();
  const absl::StatusOr<SendResult> result = outbox().Flush(pipe());
  if (!result.ok()) return OnSendError(result.status());
  if (*result == SendResult::kWouldBlock) return AttachAndFlush();
  NotifyWritable();
}

// What the server said before it went away is still in the pipe: replies, or that it has not looked
// at a call. It is read, and the end of the pipe is then the end of the connection.
void Connection::OnSendError(const absl::Status& error) {
  if (!absl::IsUnavailable(error) || live_ == 0) return Fail(Lost(core_, hello_received(), error));
  peer_gone_ = true;
  AssignReader();
}

// On the loop, what an iteration makes ready goes into one packet; or into some, so that the server
// has begun with the first ones when the last are ready.
void Connection::FlushSoon() {
  if (ending()) return;
  if (loop_ != nullptr && loop_->InLoop() && unsent_requests_ < connection::kFramesOfAPacket) {
    ++begun_on_loop_;
    loop_->Defer(*this);
  } else {
    Flush();
  }
}

// The pipe is full: only a loop can tell when it is not any more.
void Connection::AttachAndFlush() {
  if (reader_.receiving()) return reader_.LookUpSoon();  // No pipe is attached under its user.
  if (Attach()) Flush();
}

bool Connection::Attach() {
  if (loop_ != nullptr) return true;
  const auto loop = core_.EnsureLoop();
  if (!loop.ok()) {
    Fail(loop.status());
    return false;
  }
  loop_ = *loop;
  pipe().Attach(*loop_, *this);
  return true;
}

void Connection::OnWritable() {
  for (Call* const call : calls_.Live()) call->OnWritable();
}

// Somebody must read as long as there are calls, or the server has something to say of those that
// have ended here: a server whose replies nobody reads does not read either, and with that never
// learns that they were cancelled.
bool Connection::must_read() const { return live_ > 0 || calls_.size() > 0; }

void Connection::AssignReader() {
  if (!reader_.is_nobody() || ending() || !must_read()) return;
  if (without_reader_ > 0 || live_ == 0) return ReadOnLoop();
  reader_.WakeOne();
}

void Connection::ReadOnLoop() {
  if (!Attach()) return;
  loop_->Post([self = shared_from_this()] {
    const Core::Lock lock(self->core_, Core::Lock::Where::kOnLoop);
    if (!self->pipe_is_closing()) self->pipe().Receive();
  });
  reader_.BecomeLoop();  // Not where that could not be posted.
}

void Connection::RunUntilDone(BlockingCall& call, Core::Lock& lock) {
  while (call.connection() == this) {
    call.Guard(lock, [&] {
      AssertLocked();
      reader_.ReadOrWait(call, lock);
    });
  }
  AssignReader();
  ClosePipeIfDue();
}

// A packet above the limit is the server's fault, or what it sent is no packet of one.
absl::Status Connection::WhyLost(const absl::Status& error) const {
  return absl::IsOutOfRange(error) ? Violation(error) : Lost(core_, hello_received(), error);
}

void Connection::OnLookUp() {
  if (Attach()) Flush();
}

void Connection::OnRead(transport::Bytes packet) {
  if (ending()) return;
  OnPacket(packet);
  Flush();
}

void Connection::OnReadError(const absl::Status& error) { Fail(WhyLost(error)); }

void Connection::OnReceive(transport::Bytes packet) {
  begun_on_loop_ = 0;
  {
    const Core::Lock lock(core_, Core::Lock::Where::kOnLoop);
    if (ending()) return;
    received_ = true;
    OnPacket(packet);
    loop_->Defer(*this);
  }
  if (begun_on_loop_ >= connection::kFramesNotToWait) FlushUnlessRepliesAreDue();
}

// The callbacks of that packet have run, and begun new calls. With no other ones in flight, the
// server has nothing to do until it gets these. They may have closed the channel, too: a connection
// stays until its pipe is closed, which this loop does later.
void Connection::FlushUnlessRepliesAreDue() {
  const Core::Lock lock(core_, Core::Lock::Where::kOnLoop);
  if (calls_.size() <= unsent_requests_) Flush();
}

void Connection::OnReceiveError(absl::Status status) {
  const Core::Lock lock(core_, Core::Lock::Where::kOnLoop);
  reader_.EndLoop();
  Fail(WhyLost(status));
  ClosePipeIfDue();
}

void Connection::OnSent(absl::Status status) {
  const Core::Lock lock(core_, Core::Lock::Where::kOnLoop);
  outbox().OnSent();
  if (!status.ok()) return OnSendError(status);
  Flush();
}

// What was due after a packet has run, and may have begun new calls. While several are in flight,
// what follows from their replies waits for one more look at the pipe: as long as replies come, the
// calls that they set off travel together.
void Connection::OnIterationEnd() {
  const Core::Lock lock(core_, Core::Lock::Where::kOnLoop);
  if (!std::exchange(received_, false)) return Flush();
  ContinueReading();
  if (live_ < 2) return Flush();
  // What closes the pipe is posted later, as there are calls now, and takes this back.
  loop_->Post([this] { attached_loop().Defer(*this); });
}

void Connection::ContinueReading() {
  if (pipe_is_closing()) return;
  if (must_read()) return pipe().Receive();
  reader_.EndLoop();
  ClosePipeIfDue();
}

// A pipe is closed by its loop, without the lock, when no caller uses it.
void Connection::ClosePipeIfDue() {
  const bool over = ending() || (!usable() && live_ == 0);
  if (!over || pipe_is_closing() || reader_.is_caller()) return;
  if (loop_ == nullptr) {
    BeginClosing();
    pipe().Close(transport::CloseMode::kAbort, [] {});
    EndClosing();
    return owner_.OnPipeClosed(*this);
  }
  loop_->Post([self = shared_from_this()] {
    self->attached_loop().Undefer(*self);
    self->pipe().Close(transport::CloseMode::kAbort, [self] {
      const Core::Lock lock(self->core_, Core::Lock::Where::kOnLoop);
      self->EndClosing();
      self->owner_.OnPipeClosed(*self);
    });
  });
  BeginClosing();  // Not where that could not be posted.
}

}  // namespace piperpc::client
