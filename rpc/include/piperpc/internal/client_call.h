// The seam between generated stubs and the channel: calls without their types.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "piperpc/export.h"
#include "piperpc/internal/codec.h"
#include "piperpc/internal/unary_done.h"
#include "piperpc/service.h"

namespace piperpc {
struct CallOptions;
namespace client {
class FinishedWrites;
}
}  // namespace piperpc

namespace piperpc::internal {

class FakeClientStream;

// A RetryPolicy as it is looked at.
struct RetryRule {
  std::uint32_t max_attempts;
  std::uint32_t initial_backoff_ms;
  std::uint32_t max_backoff_ms;
  std::uint32_t codes;  // Bit n: the status code n.
  bool idempotent = false;
};

// A method as a client names it.
struct ClientMethod {
  std::string_view name;  // "package.Service/Method", 1 to 1,024 bytes.
  MethodType type;
  bool idempotent = false;           // Its .proto says so (idempotency_level).
  const RetryRule* retry = nullptr;  // That of its .proto, which does not go away; null: none.

  // The name may go away before the call ends: the call keeps a copy. Those of generated code are
  // static, and need none.
  bool copy_name = false;

  // Only the server knows whether the method streams its replies. `type` says that it does; what
  // the response carries is kept, for ClientStream::TakeResponse().
  bool any_reply = false;
};

// A call that somebody may cancel. Thread-safe.
class PIPERPC_EXPORT CallControl {
 public:
  virtual ~CallControl() = default;

  // Nothing when the call has ended, but that the messages of a stream which are still to be read
  // are dropped.
  virtual void Cancel() = 0;
};

// A message that is written to a stream with a callback, and what is told of it.
class PIPERPC_EXPORT StreamWrite {
 public:
  using Done = absl::AnyInvocable<void(absl::Status)>;
  virtual ~StreamWrite() = default;
  StreamWrite(const StreamWrite&) = delete;
  StreamWrite& operator=(const StreamWrite&) = delete;

  virtual OutMessage message() const = 0;  // Before DropMessage().

  // It was taken or refused: its memory is of no more use, however long it takes to tell so.
  virtual void DropMessage() = 0;

  // What is told: OK, it was taken, or why it was not.
  const absl::Status& status() const { return status_; }
  void Tell() {
    if (done_) done_(status_);
  }

 protected:
  explicit StreamWrite(Done&& done) : done_(std::move(done)) {}

 private:
  friend class client::FinishedWrites;
  friend class FakeClientStream;
  Done done_;
  absl::Status status_;
  std::unique_ptr<StreamWrite> next_;
};

// A stream in flight. Thread-safe: one thread may write while another reads. Dropping the last
// reference cancels the call if it has not ended.
class PIPERPC_EXPORT ClientStream : public CallControl {
 public:
  enum class Step { kDone, kLater, kEnded };

  // Sends a message. kLater: no credit, nothing was taken; kEnded: the call has ended or
  // HalfClose() was called. RESOURCE_EXHAUSTED etc. end the call, and status() tells.
  virtual Step TryWrite(const OutMessage& message) = 0;

  // Takes the oldest message, if one is there, and gives its credit back; `bytes` is valid until
  // the next message is taken. kEnded: all were taken, or dropped by a cancel, and the call is
  // over; status() is final.
  virtual Step TryRead(std::span<const char>& bytes) = 0;

  // Blocks until the step gives something else than kLater, or the call's deadline.
  virtual Step Write(const OutMessage& message) = 0;
  virtual Step Read(std::span<const char>& bytes) = 0;

  // Calls `ready` once when TryWrite() or TryRead() may give something else than kLater; on the
  // channel's loop, possibly before this returns on the calling thread. One of each at a time.
  virtual void WhenWritable(absl::AnyInvocable<void()> ready) = 0;
  virtual void WhenReadable(absl::AnyInvocable<void()> ready) = 0;

  // Sends a message as soon as there is room for it, and tells of it on the channel's loop: before
  // the end of the call, and before any reply that the server makes of it, is read with TryRead().
  // FAILED_PRECONDITION: the one before has not been told of yet, or HalfClose() was called. Never
  // tells in place, but where the channel has no loop.
  virtual void StartWrite(std::unique_ptr<StreamWrite> write) = 0;

  // No more messages will be written. One that waits for room is still sent before.
  virtual void HalfClose() = 0;

  // Nobody is left to write: cancels the call, unless it has ended or HalfClose() was called.
  virtual void LetGoOfWrites() = 0;

  // With `any_reply`, after kEnded and an OK status: the message of the response, once.
  virtual RawMessage TakeResponse() = 0;

  // How the call ended; call it after kEnded. Waits for the end otherwise.
  virtual absl::Status status() = 0;

  // For a reply that is no such message: nothing more is read, and status() is `status`. Ends the
  // call on this side and tells the server, if it is not over already.
  virtual void Fail(absl::Status status) = 0;

  // The same, for the callback that takes the replies: it threw, which goes to the channel's log.
  // RESOURCE_EXHAUSTED: it had no memory; INTERNAL: anything else. Does not throw.
  virtual void FailThrown(const std::exception_ptr& thrown) = 0;
};

// What Channel gives to stubs.
class PIPERPC_EXPORT ChannelCore {
 public:
  virtual ~ChannelCore() = default;

  // Blocks until the call has ended. `parse` gets the reply's bytes, on this thread; the call is
  // INTERNAL when it could not parse them.
  virtual absl::Status CallUnary(const ClientMethod& method, const OutMessage& request,
                                 const CallOptions& options,
                                 absl::FunctionRef<ParseResult(std::span<const char>)> parse) = 0;

  // Returns immediately. `done` is moved from and called exactly once, on the channel's loop, never
  // inline, but where the channel has no loop (it belongs to the parent process, its options are
  // invalid, or the system refuses the thread), or there is no memory for the request. The bytes
  // are valid until it returns, and empty unless the status is OK.
  virtual std::shared_ptr<CallControl> StartUnary(const ClientMethod& method,
                                                  const OutMessage& request,
                                                  const CallOptions& options, UnaryDone&& done) = 0;

  // Opens a call of another method type; never null, what goes wrong is its status. `request`: the
  // one message of a server-streaming call, null for those that stream their requests. The response
  // of a client-streaming call is read like a stream of one message.
  virtual std::shared_ptr<ClientStream> OpenStream(const ClientMethod& method,
                                                   const OutMessage* request,
                                                   const CallOptions& options) = 0;
};

}  // namespace piperpc::internal
