// How a connection's bytes come and go: who reads, who writes, and the end of the pipe.
#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/spin.h"
#include "src/base/text.h"
#include "src/client/connection.h"

namespace piperpc::client {
namespace {

using transport::SendResult;

// A caller that reads looks up this often, for what cannot wake it: the end of the channel, or a
// pipe that must be attached because it is full.
constexpr Duration kReadSlice = std::chrono::milliseconds(500);

// So many requests are worth a packet of their own.
constexpr std::size_t kRequestsAtOnce = 32;

absl::Status Lost(const Core& core, const absl::Status& cause) {
  return absl::UnavailableError(
      absl::StrCat("the connection to ", core.endpoint_text(), " was lost: ", cause.message()));
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
  if (!absl::IsUnavailable(error) || live_ == 0) return Fail(Lost(core_, error));
  peer_gone_ = true;
  AssignReader();
}

// On the loop, what an iteration makes ready goes into one packet; or into some, so that the server
// has begun with the first ones when the last are ready.
void Connection::FlushSoon() {
  if (ending()) return;
  if (loop_ != nullptr && loop_->InLoop() && unsent_requests_ < kRequestsAtOnce) {
    loop_->Defer(*this);
  } else {
    Flush();
  }
}

// The pipe is full: only a loop can tell when it is not any more.
void Connection::AttachAndFlush() {
  attach_wanted_ = receiving_;  // No pipe is attached under a thread that receives from it.
  if (!receiving_ && Attach()) Flush();
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
  if (reader_ != Reader::kNobody || ending() || !must_read()) return;
  if (unattended_ > 0 || live_ == 0) return ReadOnLoop();
  for (BlockingCall* const call : blocked_) {
    if (!call->ended() && call->can_read()) return call->Wake();
  }
}

void Connection::ReadOnLoop() {
  if (!Attach()) return;
  loop_->Post([self = shared_from_this()] {
    const Core::Lock lock(self->core_, Core::Lock::Where::kOnLoop);
    if (!self->pipe_is_closing()) self->pipe().Receive();
  });
  reader_ = Reader::kLoop;  // Not where that could not be posted.
}

void Connection::RunUntilDone(BlockingCall& call, Core::Lock& lock) {
  while (call.connection() == this) {
    call.Guard(lock, [&] { ReadOrWait(call, lock); });
  }
  AssignReader();
  ClosePipeIfDue();
}

void Connection::ReadOrWait(BlockingCall& call, Core::Lock& lock) {
  if (reader_ == Reader::kNobody && call.can_read()) {
    ReadAsCaller(call, lock);
  } else {
    WaitForReader(call, lock);
  }
}

// For what somebody else reads.
void Connection::WaitForReader(BlockingCall& call, Core::Lock& lock) {
  blocked_.push_back(&call);
  const bool in_time = call.WaitForWake(lock);
  std::erase(blocked_, &call);
  if (!in_time && call.connection() == this) call.EndEarly(call.Expired());
}

class Connection::ReadingRole {
 public:
  ReadingRole(Connection& connection, const BlockingCall& call) : connection_(connection) {
    connection_.reader_ = Reader::kCaller;
    connection_.reading_call_ = &call;
  }
  ~ReadingRole() {
    connection_.reading_call_ = nullptr;
    connection_.reader_ = Reader::kNobody;
  }
  ReadingRole(const ReadingRole&) = delete;
  ReadingRole& operator=(const ReadingRole&) = delete;

 private:
  Connection& connection_;
};

void Connection::ReadAsCaller(BlockingCall& call, Core::Lock& lock) {
  if (buffer_ == nullptr) buffer_ = NewPageOffsetBuffer(pipe().max_packet_bytes());
  const ReadingRole role(*this, call);
  const TimePoint deadline = call.times().deadline;
  TimePoint next_check = After(kReadSlice, call.times().begun);
  while (true) {
    ReceiveOne(lock, std::min(deadline, next_check));
    if (call.connection() != this) break;
    const TimePoint now = Clock::now();
    call.ExpireIfDue(now);
    next_check = After(kReadSlice, now);
  }
  call.ParseWhileReading(lock);  // Nobody else may read into buffer_ yet.
}

// A packet above the limit is the server's fault, or what it sent is no packet of one.
absl::Status Connection::WhyLost(const absl::Status& error) const {
  return absl::IsOutOfRange(error) ? Violation(error) : Lost(core_, error);
}

// Without the lock.
absl::StatusOr<std::size_t> Connection::ReceivePacket(TimePoint limit) {
  const std::span space(buffer_.get(), pipe().max_packet_bytes());
  if (const Duration time = core_.options().spin; time != Duration::zero()) {
    Spin spin(time, limit);
    do {
      auto size = pipe().ReceiveUntil(space, TimePoint::min());
      if (!absl::IsDeadlineExceeded(size.status())) return size;
    } while (spin.GoOn());
  }
  return pipe().ReceiveUntil(space, limit);
}

void Connection::ReceiveOne(Core::Lock& lock, TimePoint limit) {
  receiving_ = true;
  unanswered_bytes_ = 0;
  lock.Release();
  const absl::StatusOr<std::size_t> size = ReceivePacket(limit);
  lock.Acquire();
  receiving_ = false;
  if (std::exchange(attach_wanted_, false) && Attach()) Flush();
  if (ending()) return;
  if (size.ok()) {
    OnPacket({buffer_.get(), *size});
    Flush();
  } else if (!absl::IsDeadlineExceeded(size.status())) {
    Fail(WhyLost(size.status()));
  }
}

void Connection::OnReceive(transport::Bytes packet) {
  const Core::Lock lock(core_, Core::Lock::Where::kOnLoop);
  if (ending()) return;
  received_ = true;
  OnPacket(packet);
  loop_->Defer(*this);
}

void Connection::OnReceiveError(absl::Status status) {
  const Core::Lock lock(core_, Core::Lock::Where::kOnLoop);
  reader_ = Reader::kNobody;
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
  loop_->Post([this] { loop_->Defer(*this); });
}

void Connection::ContinueReading() {
  if (pipe_is_closing()) return;
  if (must_read()) return pipe().Receive();
  reader_ = Reader::kNobody;
  ClosePipeIfDue();
}

// A pipe is closed by its loop, without the lock, when no caller uses it.
void Connection::ClosePipeIfDue() {
  const bool over = ending() || (!usable() && live_ == 0);
  if (!over || pipe_is_closing() || reader_ == Reader::kCaller) return;
  if (loop_ == nullptr) {
    BeginClosing();
    pipe().Close(transport::CloseMode::kAbort, [] {});
    EndClosing();
    return owner_.OnPipeClosed(*this);
  }
  loop_->Post([self = shared_from_this()] {
    self->loop_->Undefer(*self);
    self->pipe().Close(transport::CloseMode::kAbort, [self] {
      const Core::Lock lock(self->core_, Core::Lock::Where::kOnLoop);
      self->EndClosing();
      self->owner_.OnPipeClosed(*self);
    });
  });
  BeginClosing();  // Not where that could not be posted.
}

}  // namespace piperpc::client
