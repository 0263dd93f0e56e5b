#include "src/client/reader.h"

#include <algorithm>
#include <span>
#include <utility>

#include "src/base/memory.h"
#include "src/base/spin.h"
#include "src/wire/limits.h"

namespace piperpc::client {
namespace {

// A caller that reads looks up this often, for what cannot wake it: the end of the channel, or a
// pipe that must be attached because it is full.
constexpr base::Duration kReadSlice = std::chrono::milliseconds(500);

}  // namespace

class Reader::CallersRole {
 public:
  CallersRole(Reader& reader, const BlockingCall& call) : reader_(reader) {
    reader_.role_ = Role::kCaller;
    reader_.call_ = &call;
  }
  ~CallersRole() {
    reader_.call_ = nullptr;
    reader_.role_ = Role::kNobody;
  }
  CallersRole(const CallersRole&) = delete;
  CallersRole& operator=(const CallersRole&) = delete;

 private:
  Reader& reader_;
};

void Reader::ReadOrWait(BlockingCall& call, Core::Lock& lock) {
  if (is_nobody() && call.can_read()) {
    ReadAsCaller(call, lock);
  } else {
    WaitForReader(call, lock);
  }
}

// For what somebody else reads.
void Reader::WaitForReader(BlockingCall& call, Core::Lock& lock) {
  const CallConnection* const here = call.connection();
  waiting_.push_back(&call);
  const bool in_time = call.WaitForWake(lock);
  std::erase(waiting_, &call);
  if (!in_time && call.connection() == here) call.EndEarly(call.Expired());
}

void Reader::MakeBuffer() {
  if (buffer_ != nullptr) return;
  buffer_size_ = pipe_.max_packet_bytes();
  buffer_ = base::NewPageOffsetBuffer(buffer_size_);
}

void Reader::ReadAsCaller(BlockingCall& call, Core::Lock& lock) {
  MakeBuffer();
  const CallConnection* const here = call.connection();
  const CallersRole role(*this, call);
  const base::TimePoint deadline = call.times().deadline;
  base::TimePoint next_check = base::After(kReadSlice, call.times().begun);
  while (true) {
    ReceiveOne(lock, std::min(deadline, next_check));
    if (call.connection() != here) break;
    const base::TimePoint now = call.core().Now();
    call.ExpireIfDue(now);
    next_check = base::After(kReadSlice, now);
  }
  call.ParseWhileReading(lock);  // Nobody else may read into buffer_ yet.
}

// Without the lock.
absl::StatusOr<std::size_t> Reader::ReceivePacket(base::TimePoint limit) {
  const std::span space(buffer_.get(), buffer_size_);
  if (spin_ != base::Duration::zero()) {
    base::Spin spin(spin_, limit);
    do {
      auto size = pipe_.ReceiveUntil(space, base::TimePoint::min());
      if (!absl::IsDeadlineExceeded(size.status())) return size;
    } while (spin.GoOn());
  }
  return pipe_.ReceiveUntil(space, limit);
}

void Reader::ReceiveOne(Core::Lock& lock, base::TimePoint limit) {
  receiving_ = true;
  unanswered_bytes_ = 0;
  lock.Release();
  const absl::StatusOr<std::size_t> size =
      base::RunInMemory([&] { return ReceivePacket(limit); },
                        [] { return absl::StatusOr<std::size_t>(base::OutOfMemory("a packet")); });
  lock.Acquire();
  receiving_ = false;
  if (std::exchange(look_up_, false)) delegate_.OnLookUp();
  if (size.ok()) {
    delegate_.OnRead({buffer_.get(), *size});
  } else if (!absl::IsDeadlineExceeded(size.status())) {
    delegate_.OnReadError(size.status());
  }
}

void Reader::WakeOne() {
  for (BlockingCall* const call : waiting_) {
    if (!call->ended() && call->can_read()) return call->Wake();
  }
}

void Reader::WakeAll() {
  for (BlockingCall* const call : waiting_) call->Wake();
}

bool Reader::MustBeWoken(std::size_t bytes_sent) {
  if (!receiving_) return false;
  unanswered_bytes_ += bytes_sent;
  if (unanswered_bytes_ <= wire::kEarlyMessageBytes) return false;
  unanswered_bytes_ = 0;
  return true;
}

}  // namespace piperpc::client
