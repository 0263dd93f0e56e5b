// How a stream's messages are written: in whatever form, there must be room for each.
#include <exception>
#include <utility>

#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/client/errors.h"
#include "src/client/refused_call.h"
#include "src/client/stream_call.h"
#include "src/wire/limits.h"

namespace piperpc::client {
namespace {

absl::Status OneAtATime() {
  return base::ErrorInMemory(
      [] {
        return absl::FailedPreconditionError(
            "the message written before is still on its way; wait for its callback before the next "
            "one");
      },
      absl::StatusCode::kFailedPrecondition);
}

absl::Status WritesAreDone() {
  return base::ErrorInMemory(
      [] { return absl::FailedPreconditionError("WritesDone() was called before this message"); },
      absl::StatusCode::kFailedPrecondition);
}

absl::Status EndedWithOk() {
  return base::ErrorInMemory(
      [] {
        return absl::FailedPreconditionError(
            "the server ended the call, with OK, before it took this message");
      },
      absl::StatusCode::kFailedPrecondition);
}

}  // namespace

bool StreamCall::HasRoom() const {
  if (phase() != Phase::kSent || !send_credit_.may_send()) return false;
  if (needs_hello_ && !connection()->hello_received()) return false;
  if (connection()->writable()) return true;
  connection()->WantWritable();
  return false;
}

StreamCall::Step StreamCall::Put(const internal::OutMessage& message) {
  if (ended()) return Step::kEnded;
  if (!HasRoom()) return Step::kLater;
  if (message.size() > wire::kEarlyMessageBytes && !connection()->hello_received()) {
    needs_hello_ = true;
    return Step::kLater;
  }
  return base::RunInMemory(
      [&] {
        AssertLocked();
        return Send(message);
      },
      [&] {
        AssertLocked();
        EndEarly(base::OutOfMemory("a message", message.size()));
        return Step::kEnded;
      });
}

StreamCall::Step StreamCall::Send(const internal::OutMessage& message) {
  absl::Status fits = connection()->CheckSize(message.size());
  if (fits.ok() && message.too_deep()) fits = TooDeep(message);
  if (!fits.ok()) {
    EndEarly(fits);
    return Step::kEnded;
  }
  wrote_ = true;
  send_credit_.Spend(message.size());
  CountSent(message.size());
  connection()->SendMessage(id(), message);
  return Step::kDone;
}

// --- By who may wait, or come again. ---

StreamCall::Step StreamCall::TryWriteLocked(const internal::OutMessage& message) {
  return half_closed_ ? Step::kEnded : Put(message);
}

internal::ClientStream::Step StreamCall::TryWrite(const internal::OutMessage& message) {
  if (core().foreign()) return Step::kEnded;
  const Core::Lock lock(core());
  return TryWriteLocked(message);
}

internal::ClientStream::Step StreamCall::Write(const internal::OutMessage& message) {
  if (core().foreign()) return Step::kEnded;
  Core::Lock lock(core());
  Step step;
  while ((step = TryWriteLocked(message)) == Step::kLater) {
    blocked_write_ = true;
    WaitForChange(lock);
  }
  blocked_write_ = false;
  return step;
}

void StreamCall::WhenWritable(absl::AnyInvocable<void()> ready) {
  if (core().foreign()) return base::RunSilently(ready);
  const Core::Lock lock(core());
  on_writable_.swap(ready);  // What was there goes away with `ready`, when the lock is released.
  Notify();
}

// --- With a callback. ---

void StreamCall::StartWrite(std::unique_ptr<internal::StreamWrite> write) {
  if (core().foreign()) return RefuseWrite(std::move(write), Core::Foreign());
  const Core::Lock lock(core());
  if (absl::Status refusal = WhyNotWrite(); !refusal.ok()) {
    finished_writes_.Add(std::move(write), std::move(refusal));
  } else {
    telling_ = true;
    waiting_ = std::move(write);
    PutWaiting();
  }
  Notify();
}

absl::Status StreamCall::WhyNotWrite() const {
  if (ended()) return final_status().ok() ? EndedWithOk() : final_status();
  if (half_closed_) return WritesAreDone();
  return telling_ ? OneAtATime() : absl::OkStatus();
}

void StreamCall::PutWaiting() {
  if (waiting_ == nullptr) return;
  const Step step = Put(waiting_->message());
  if (step == Step::kLater) return;
  finished_writes_.Add(std::move(waiting_), step == Step::kDone ? absl::OkStatus() : WhyNotWrite());
  SendHalfClose();
}

// There is something to be told, or to be tried again.
bool StreamCall::WriteMovesOn() const {
  return !finished_writes_.empty() || (waiting_ != nullptr && (ended() || HasRoom()));
}

FinishedWrites StreamCall::TakeFinishedWrites() {
  PutWaiting();
  if (waiting_ == nullptr) telling_ = false;
  return std::exchange(finished_writes_, {});
}

bool StreamCall::TellOf(FinishedWrites written) {
  bool taken = false;
  while (!written.empty()) {
    const FinishedWrites::Write write = written.Pop();
    taken = taken || write->status().ok();
    base::RunGuarded([&] { write->Tell(); },
                     [&](const std::exception_ptr& thrown) {
                       if (!write->status().ok()) return core().LogThrown("callback threw", thrown);
                       FailThrownBy("the callback of a message that was written", thrown);
                     });
  }
  return taken;
}

// --- The end of the writes. ---

void StreamCall::HalfClose() {
  if (core().foreign()) return;
  const Core::Lock lock(core());
  if (ended() || std::exchange(half_closed_, true)) return;
  SendHalfClose();
  Notify();
}

// Once all has been written.
void StreamCall::SendHalfClose() {
  const bool due = half_closed_ && waiting_ == nullptr && phase() == Phase::kSent;
  if (!due || !StreamsRequests(type())) return;
  base::RunInMemory(
      [&] {
        AssertLocked();
        connection()->Send({.kind = wire::FrameKind::kHalfClose, .call_id = id()});
      },
      [&] {
        AssertLocked();
        EndEarly(base::OutOfMemory("the end of the requests"));
      });
}

void StreamCall::LetGoOfWrites() {
  if (core().foreign()) return;
  const Core::Lock lock(core());
  if (ended() || half_closed_) return;
  DropAndEnd(WriterDropped());
}

}  // namespace piperpc::client
