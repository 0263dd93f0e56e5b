// A stream of a client without a server: what the test says is its other end.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/internal/mutex.h"

namespace piperpc::internal {

// Any thread. Whoever waits with a callback is called on the thread of the test that brings what is
// waited for, or in place when it is there already.
class FakeClientStream final : public ClientStream {
 public:
  // For a client; when it lets go of it before the end, the call is cancelled.
  static std::shared_ptr<ClientStream> Share(const std::shared_ptr<FakeClientStream>& stream);

  // As of a method with one response: that is read when the call has ended, and not before.
  void HoldReplies();

  // --- The server's end. ---

  void Reply(std::string bytes);  // Nothing after the end.
  void End(absl::Status status);  // Nothing the second time.
  std::vector<std::string> written() const;
  bool writes_done() const;
  bool cancelled() const;

  // --- ClientStream ---

  void Cancel() override;
  Step TryWrite(const OutMessage& message) override;
  Step TryRead(std::span<const char>& bytes) override;
  Step Write(const OutMessage& message) override { return TryWrite(message); }
  Step Read(std::span<const char>& bytes) override;
  void WhenWritable(absl::AnyInvocable<void()> ready) override { ready(); }
  void WhenReadable(absl::AnyInvocable<void()> ready) override;
  void StartWrite(std::unique_ptr<StreamWrite> write) override;
  void HalfClose() override;
  void LetGoOfWrites() override;
  RawMessage TakeResponse() override { return {}; }
  absl::Status status() override;
  void Fail(absl::Status status) override;
  void FailThrown(const std::exception_ptr& thrown) override;

 private:
  bool Readable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Step Take(std::span<const char>& bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLocked(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wake();

  mutable Mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> replies_ ABSL_GUARDED_BY(mutex_);
  std::string current_ ABSL_GUARDED_BY(mutex_);  // What was read last.
  std::vector<std::string> written_ ABSL_GUARDED_BY(mutex_);
  bool hold_replies_ ABSL_GUARDED_BY(mutex_) = false;
  bool writes_done_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> status_ ABSL_GUARDED_BY(mutex_);  // None before the end.
  absl::AnyInvocable<void()> ready_ ABSL_GUARDED_BY(mutex_);    // Null: nobody waits.
};

}  // namespace piperpc::internal
