#include "piperpc/testing/internal/fake_client_stream.h"

#include <chrono>
#include <utility>

#include "piperpc/internal/exceptions.h"
#include "piperpc/testing/internal/message_bytes.h"

namespace piperpc::internal {
namespace {

// Whoever waits so long waits in vain.
constexpr std::chrono::minutes kTooLong{1};

absl::Status NobodyReplied() {
  return absl::DeadlineExceededError(
      "FakeStream: the test has neither replied nor ended the stream within a minute");
}

}  // namespace

std::shared_ptr<ClientStream> FakeClientStream::Share(
    const std::shared_ptr<FakeClientStream>& stream) {
  return {stream.get(), [stream](ClientStream* shared) { shared->Cancel(); }};
}

void FakeClientStream::HoldReplies() {
  const MutexLock lock(mutex_);
  hold_replies_ = true;
}

// --- The server's end. ---

void FakeClientStream::Reply(std::string bytes) {
  {
    const MutexLock lock(mutex_);
    if (status_.has_value()) return;
    replies_.push_back(std::move(bytes));
  }
  Wake();
}

void FakeClientStream::End(absl::Status status) {
  {
    const MutexLock lock(mutex_);
    EndLocked(std::move(status));
  }
  Wake();
}

void FakeClientStream::EndLocked(absl::Status status) {
  if (!status_.has_value()) status_ = std::move(status);
}

std::vector<std::string> FakeClientStream::written() const {
  const MutexLock lock(mutex_);
  return written_;
}

bool FakeClientStream::writes_done() const {
  const MutexLock lock(mutex_);
  return writes_done_;
}

bool FakeClientStream::cancelled() const {
  const MutexLock lock(mutex_);
  return cancelled_;
}

// --- ClientStream ---

void FakeClientStream::Cancel() {
  {
    const MutexLock lock(mutex_);
    if (!status_.has_value()) cancelled_ = true;
    replies_.clear();
    EndLocked(absl::CancelledError("the call was cancelled"));
  }
  Wake();
}

ClientStream::Step FakeClientStream::TryWrite(const OutMessage& message) {
  std::string bytes = BytesOf(message);
  const MutexLock lock(mutex_);
  if (status_.has_value() || writes_done_) return Step::kEnded;
  written_.push_back(std::move(bytes));
  return Step::kDone;
}

bool FakeClientStream::Readable() const {
  return status_.has_value() || (!hold_replies_ && !replies_.empty());
}

ClientStream::Step FakeClientStream::Take(std::span<const char>& bytes) {
  if (replies_.empty()) return Step::kEnded;
  current_ = std::move(replies_.front());
  replies_.pop_front();
  bytes = current_;
  return Step::kDone;
}

ClientStream::Step FakeClientStream::TryRead(std::span<const char>& bytes) {
  const MutexLock lock(mutex_);
  return Readable() ? Take(bytes) : Step::kLater;
}

ClientStream::Step FakeClientStream::Read(std::span<const char>& bytes) {
  const auto limit = std::chrono::steady_clock::now() + kTooLong;
  MutexLock lock(mutex_);
  bool in_time = true;
  while (!Readable() && in_time) in_time = lock.WaitUntil(changed_, limit);
  if (!Readable()) EndLocked(NobodyReplied());
  return Take(bytes);
}

void FakeClientStream::WhenReadable(absl::AnyInvocable<void()> ready) {
  {
    const MutexLock lock(mutex_);
    if (!Readable()) {
      ready_ = std::move(ready);
      return;
    }
  }
  ready();
}

void FakeClientStream::StartWrite(std::unique_ptr<StreamWrite> write) {
  const Step step = TryWrite(write->message());
  write->DropMessage();
  if (step == Step::kEnded) {
    const MutexLock lock(mutex_);
    const bool failed = status_.has_value() && !status_->ok();
    write->status_ = failed ? *status_
                            : absl::FailedPreconditionError(
                                  "no more messages may be written: WritesDone() was called, or "
                                  "the call has ended");
  }
  write->Tell();
}

void FakeClientStream::HalfClose() {
  const MutexLock lock(mutex_);
  writes_done_ = true;
}

void FakeClientStream::LetGoOfWrites() {
  {
    const MutexLock lock(mutex_);
    if (status_.has_value() || writes_done_) return;
  }
  Cancel();
}

absl::Status FakeClientStream::status() {
  const auto limit = std::chrono::steady_clock::now() + kTooLong;
  MutexLock lock(mutex_);
  bool in_time = true;
  while (!status_.has_value() && in_time) in_time = lock.WaitUntil(changed_, limit);
  if (!status_.has_value()) EndLocked(NobodyReplied());
  return *status_;
}

void FakeClientStream::Fail(absl::Status status) {
  {
    const MutexLock lock(mutex_);
    replies_.clear();
    status_ = std::move(status);
  }
  Wake();
}

void FakeClientStream::FailThrown(const std::exception_ptr& thrown) {
  Fail(absl::InternalError("a callback threw: " + DescribeException(thrown)));
}

void FakeClientStream::Wake() {
  absl::AnyInvocable<void()> ready;
  {
    const MutexLock lock(mutex_);
    changed_.notify_all();
    if (Readable()) ready = std::exchange(ready_, nullptr);
  }
  if (ready) ready();
}

}  // namespace piperpc::internal
