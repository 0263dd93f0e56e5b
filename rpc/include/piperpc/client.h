// What the functions of generated clients return: handles of calls, and typed streams.
#pragma once

#include <coroutine>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "piperpc/executor.h"
#include "piperpc/export.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/internal/codec.h"
#include "piperpc/internal/frame_check.h"
#include "piperpc/internal/wakeup.h"
#include "piperpc/task.h"

namespace piperpc {

// What awaits a unary call with options: a Task<absl::StatusOr<Response>>. With g++ 12 it must have
// a name, for that compiler destroys twice the options that are written within a co_await
// expression (see piperpc/task.h):
//
//     auto call = client.CoGreet(request, {.timeout = 1s});
//     absl::StatusOr<GreetResponse> response = co_await call;
template <typename Response>
using CallTask = internal::TaskOf<absl::StatusOr<Response>, CallOptions>;

namespace internal {

// INTERNAL: the `size` bytes of the server's reply could not be parsed. `what`: the method, or the
// reply's type.
PIPERPC_EXPORT absl::Status MalformedReply(std::string_view what, std::size_t size,
                                           ParseResult why);

inline std::string TypeName(const google::protobuf::MessageLite& message) {
  return std::string(message.GetTypeName());
}
inline std::string TypeName(const RawMessage&) { return "raw bytes"; }

// Awaits a step of a stream: tries it, and again whenever the stream says that it is worth it.
// Resumes on the awaiting executor, or else on the channel's loop; not when it was destroyed
// before.
template <typename Try, typename Arm>
class [[nodiscard]] StepAwaiter {
 public:
  StepAwaiter(Try attempt, Arm arm) : attempt_(std::move(attempt)), arm_(std::move(arm)) {}
  ~StepAwaiter() {
    if (wakeup_ != nullptr) wakeup_->Detach();
  }
  StepAwaiter(const StepAwaiter&) = delete;
  StepAwaiter& operator=(const StepAwaiter&) = delete;
  bool await_ready() {
    step_ = attempt_();
    return step_ != ClientStream::Step::kLater;
  }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    wakeup_ = std::make_shared<Wakeup>(Executor::CurrentHandle(), &Retry, this);
    TryAgainLater();
  }
  ClientStream::Step await_resume() const { return step_; }

 private:
  // Without an executor, the frame may be gone once the stream has this.
  void TryAgainLater() {
    arm_([wakeup = wakeup_] { wakeup->Fire(); });
  }
  static void Retry(void* self) {
    auto& awaiter = *static_cast<StepAwaiter*>(self);
    if (!awaiter.await_ready()) return awaiter.TryAgainLater();
    awaiter.handle_.resume();
  }

  Try attempt_;
  Arm arm_;
  ClientStream::Step step_ = ClientStream::Step::kLater;
  std::coroutine_handle<> handle_;
  std::shared_ptr<Wakeup> wakeup_;  // Not null: it has awaited.
};

// What a stream is awaited with. Both keep the stream alive.
using Ready = absl::AnyInvocable<void()>;
using AwaitedStep =
    StepAwaiter<absl::AnyInvocable<ClientStream::Step()>, absl::AnyInvocable<void(Ready)>>;

// Awaits a message, or the end.
class [[nodiscard]] ReadAwaiter {
 public:
  explicit ReadAwaiter(std::shared_ptr<ClientStream> stream)
      : stream_(std::move(stream)),
        step_([this] { return stream_->TryRead(bytes_); },
              [this](Ready ready) { stream_->WhenReadable(std::move(ready)); }) {}
  bool await_ready() { return step_.await_ready(); }
  void await_suspend(std::coroutine_handle<> handle) { step_.await_suspend(handle); }

 protected:
  ClientStream& stream() { return *stream_; }
  ClientStream::Step step() const { return step_.await_resume(); }
  std::span<const char> bytes() const { return bytes_; }

 private:
  const std::shared_ptr<ClientStream> stream_;
  std::span<const char> bytes_;
  AwaitedStep step_;  // Detached first.
};

// Awaits that the stream takes `message`. False: the call has ended.
template <typename Message>
class [[nodiscard]] WriteAwaiter {
 public:
  WriteAwaiter(std::shared_ptr<ClientStream> stream, Message message)
      : stream_(std::move(stream)),
        message_(std::move(message)),
        step_([this] { return stream_->TryWrite(OutMessage::Of(message_)); },
              [this](Ready ready) { stream_->WhenWritable(std::move(ready)); }) {}
  bool await_ready() { return step_.await_ready(); }
  void await_suspend(std::coroutine_handle<> handle) { step_.await_suspend(handle); }
  bool await_resume() const { return step_.await_resume() == ClientStream::Step::kDone; }

 private:
  const std::shared_ptr<ClientStream> stream_;
  const Message message_;
  AwaitedStep step_;  // Detached first.
};

// A stream's only reply, once it has been read: `step` and `bytes` are what that gave.
template <typename Response>
absl::StatusOr<Response> OnlyReply(ClientStream& stream, ClientStream::Step step,
                                   std::span<const char> bytes) {
  absl::Status status = stream.status();
  if (!status.ok()) return status;
  Response response;
  const ParseResult parsed =
      step == ClientStream::Step::kDone ? ParseMessage(bytes, response) : ParseResult::kMalformed;
  if (parsed != ParseResult::kParsed) {
    return MalformedReply(TypeName(response), bytes.size(), parsed);
  }
  return response;
}

// A message of a callback form, which is kept until it has been taken.
template <typename Message>
class MessageWrite final : public StreamWrite {
 public:
  MessageWrite(Message&& message, Done&& done)
      : StreamWrite(std::move(done)), message_(std::move(message)) {}
  OutMessage message() const override { return OutMessage::Of(*message_); }
  void DropMessage() override { message_.reset(); }

 private:
  std::optional<Message> message_;
};

// INTERNAL: there was no memory to keep a message of `size` bytes. Ends the call with
// RESOURCE_EXHAUSTED, and tells `on_done` so in place.
PIPERPC_EXPORT void FailWrite(ClientStream& stream, std::size_t size, StreamWrite::Done on_done);

// Shared by the copies of an AsyncWriter: with the last one, those who could write are gone.
class WriterHandle {
 public:
  explicit WriterHandle(std::shared_ptr<ClientStream> stream) : stream_(std::move(stream)) {}
  ~WriterHandle() { stream_->LetGoOfWrites(); }
  WriterHandle(const WriterHandle&) = delete;
  WriterHandle& operator=(const WriterHandle&) = delete;

  static std::shared_ptr<ClientStream> Share(std::shared_ptr<ClientStream> stream) {
    const auto handle = std::make_shared<WriterHandle>(std::move(stream));
    return {handle, handle->stream_.get()};
  }

 private:
  const std::shared_ptr<ClientStream> stream_;
};

inline absl::Status FinishedAlready() {
  return absl::FailedPreconditionError("Finish() gives the response once, and was called again");
}

// Awaits the only reply. `again`: it has been asked for already, and there is nothing to wait for.
template <typename Response>
class [[nodiscard]] FinishAwaiter final : public ReadAwaiter {
 public:
  FinishAwaiter(std::shared_ptr<ClientStream> stream, bool again)
      : ReadAwaiter(std::move(stream)), again_(again) {}
  bool await_ready() { return again_ || ReadAwaiter::await_ready(); }
  absl::StatusOr<Response> await_resume() {
    if (again_) return FinishedAlready();
    return OnlyReply<Response>(stream(), step(), bytes());
  }

 private:
  const bool again_;
};

}  // namespace internal

// A call made with a callback (...Async() of a client), of a method that takes one request. Copies
// are the same call; dropping it does not cancel. For methods that take a stream of requests there
// is AsyncWriter.
//
// Callbacks run on the channel's event loop, one after the other, and must not block; each may be
// null. The final one, which gets the status, runs exactly once, after all others. Without a loop
// (the channel was destroyed, belongs to the parent of this process, or has invalid options, or the
// system refuses the thread), and where there is no memory for the request, callbacks run on the
// calling thread, before the function that begins the call returns. Then several threads may
// run callbacks of one call at the same time.
//
// An exception from a callback is logged. From the callback of a message or of a write it also ends
// the call: with INTERNAL, or with RESOURCE_EXHAUSTED for std::bad_alloc.
class PendingCall {
 public:
  explicit PendingCall(std::shared_ptr<internal::CallControl> call) : call_(std::move(call)) {}

  // Any thread. The final callback still runs, with CANCELLED if the call had not ended or replies
  // were not delivered yet. Called on the channel's event loop: the callback for messages does not
  // run any more. Called elsewhere: it may be running, or about to; keep what it uses until the
  // final callback has run.
  void Cancel() { call_->Cancel(); }

 private:
  std::shared_ptr<internal::CallControl> call_;
};

// The requests of a call made with callbacks (...Async() of a client), of a method that takes a
// stream of them. Copies are the same call. Keep one until WritesDone(): when the last one is
// destroyed before, the call is cancelled, because nobody could end its requests any more. After
// WritesDone(), the call goes on without it. Any thread.
//
//     void SendParts(const piperpc::AsyncWriter<Part>& upload, std::shared_ptr<Source> source) {
//       std::optional<Part> part = source->Next();
//       if (!part.has_value()) return upload.WritesDone();
//       upload.Write(*std::move(part), [upload, source](absl::Status written) {
//         if (written.ok()) SendParts(upload, source);
//       });
//     }
//
//     SendParts(client.UploadAsync({}, [](absl::StatusOr<Receipt> receipt) { … }), source);
//
// The rules of PendingCall for callbacks apply. The final callback runs after those of all writes.
// A callback that holds a copy of this keeps it alive until the call has ended, or, in a Write(),
// until it has run.
template <typename Request>
class [[nodiscard]] AsyncWriter {
 public:
  explicit AsyncWriter(std::shared_ptr<internal::ClientStream> stream)
      : stream_(std::move(stream)) {}

  // Sends a message as soon as the server has room for it (flow control), and then runs `on_done`,
  // which may be null, on the channel's event loop: before any reply to the message, and before the
  // final callback. One at a time: wait for `on_done` before the next one, so that a slow server
  // slows the writer. Without memory to keep the message, it runs on the calling thread. Its
  // status:
  //
  //   OK                    the message was taken; it is time for the next one.
  //   FAILED_PRECONDITION   it was not, and the call goes on: `on_done` of the one before has not
  //                         run yet, or WritesDone() was called. Or the server has ended the call
  //                         with OK before.
  //   any other             the call has ended with it, perhaps because of this message:
  //                         RESOURCE_EXHAUSTED, the server does not take one of this size;
  //                         INVALID_ARGUMENT, it is nested too deeply.
  void Write(Request message, absl::AnyInvocable<void(absl::Status)> on_done) const {
    std::unique_ptr<internal::StreamWrite> write(
        new (std::nothrow) internal::MessageWrite<Request>(std::move(message), std::move(on_done)));
    if (write != nullptr) return stream_->StartWrite(std::move(write));
    // NOLINTNEXTLINE(bugprone-use-after-move): where there is no memory, nothing was moved.
    internal::FailWrite(*stream_, internal::ByteSize(message), std::move(on_done));
  }

  // No more messages will be written; one that waits for room is sent before. The server may go on
  // sending. Does nothing the second time.
  void WritesDone() const { stream_->HalfClose(); }

  // As PendingCall::Cancel().
  void Cancel() const { stream_->Cancel(); }

 private:
  std::shared_ptr<internal::ClientStream> stream_;
};

// The replies of a server-streaming call. Dropping it cancels the call. One thread, or one
// coroutine, reads it; Cancel() from any thread: what was not read then is dropped, and the call is
// CANCELLED.
//
//     auto events = client.Subscribe({});
//     while (std::optional<Event> event = events.Next()) Use(*event);
//     absl::Status why = events.status();
template <typename Response>
class [[nodiscard]] ClientReader {
 public:
  explicit ClientReader(std::shared_ptr<internal::ClientStream> stream)
      : stream_(std::move(stream)) {}

  // The next message; none when there are no more, and status() tells why. Blocks: on the thread of
  // an event loop, where it would have to wait, it ends the call with FAILED_PRECONDITION instead.
  std::optional<Response> Next() {
    std::span<const char> bytes;
    const internal::ClientStream::Step step = stream_->Read(bytes);
    std::optional<Response> message;
    Parse(*stream_, step, bytes, message);
    return message;
  }

  // The same without blocking: `std::optional<Response> r = co_await reader.CoNext();`. Resumes
  // on the awaiting executor, or else on the channel's event loop. The awaiting coroutine may be
  // destroyed on that executor; it is not resumed then. Not of a temporary: that cancels the call.
  // With g++ 12 the message must have a name before it is asked whether there is one.
  auto CoNext() & { return NextAwaiter(stream_); }
  void CoNext() && = delete;

  // How the call ended: ask when Next() has given none. Before, it waits for the end, which does
  // not come while messages wait to be read and the server has no credit for more; on the thread of
  // an event loop it ends the call, as Next() does.
  absl::Status status() { return stream_->status(); }
  void Cancel() { stream_->Cancel(); }

 protected:
  class [[nodiscard]] NextAwaiter final : public internal::ReadAwaiter {
   public:
    using ReadAwaiter::ReadAwaiter;
    internal::AwaitedMessage<Response> await_resume() {
      internal::AwaitedMessage<Response> message;
      Parse(stream(), step(), bytes(), message);
      return message;
    }
  };

  static void Parse(internal::ClientStream& stream, internal::ClientStream::Step step,
                    std::span<const char> bytes, std::optional<Response>& message) {
    if (step != internal::ClientStream::Step::kDone) return;
    message.emplace();
    const internal::ParseResult parsed = internal::ParseMessage(bytes, *message);
    if (parsed != internal::ParseResult::kParsed) {
      stream.Fail(internal::MalformedReply(internal::TypeName(Response()), bytes.size(), parsed));
      message.reset();
    }
  }

  std::shared_ptr<internal::ClientStream> stream_;
};

// The requests of a client-streaming call. Dropping it before Finish() has returned cancels the
// call. One thread, or one coroutine, writes and finishes; Cancel() from any thread.
//
//     auto upload = client.Upload();
//     while (std::optional<Part> part = NextPart()) {
//       auto write = upload.CoWrite(*std::move(part));
//       const bool written = co_await write;
//       if (!written) break;
//     }
//     auto finish = upload.CoFinish();
//     absl::StatusOr<Receipt> receipt = co_await finish;
//
// Awaiting resumes on the awaiting executor, or else on the channel's event loop. The awaiting
// coroutine may be destroyed on that executor; it is not resumed then.
template <typename Request, typename Response>
class [[nodiscard]] ClientWriter {
 public:
  explicit ClientWriter(std::shared_ptr<internal::ClientStream> stream)
      : stream_(std::move(stream)) {}

  // Sends a message; blocks while the server has no room for it (flow control; on the thread of an
  // event loop, that ends the call with FAILED_PRECONDITION). False: the call has ended, and
  // Finish() tells why.
  bool Write(const Request& message) {
    return stream_->Write(internal::OutMessage::Of(message)) == internal::ClientStream::Step::kDone;
  }

  // The same without blocking: co_await gives true or false. A message that waits for room is kept
  // by what is awaited, and is not sent when that is destroyed. One at a time. Not of a temporary:
  // that cancels the call.
  auto CoWrite(Request message) & {
    return internal::WriteAwaiter<Request>(stream_, std::move(message));
  }
  void CoWrite(Request message) && = delete;

  // Says that there are no more messages, waits for the response, and gives it. A second time it is
  // FAILED_PRECONDITION.
  absl::StatusOr<Response> Finish() {
    if (!EndWrites()) return internal::FinishedAlready();
    std::span<const char> bytes;
    const internal::ClientStream::Step step = stream_->Read(bytes);
    return internal::OnlyReply<Response>(*stream_, step, bytes);
  }

  // The same without blocking: co_await gives the StatusOr. The end of the requests is sent before
  // this returns. Not of a temporary: that cancels the call.
  auto CoFinish() & {
    const bool again = !EndWrites();
    return internal::FinishAwaiter<Response>(stream_, again);
  }
  void CoFinish() && = delete;
  void Cancel() { stream_->Cancel(); }

 protected:
  std::shared_ptr<internal::ClientStream> stream_;

 private:
  // False: that has been done already.
  bool EndWrites() {
    if (std::exchange(finished_, true)) return false;
    stream_->HalfClose();
    return true;
  }

  bool finished_ = false;
};

// Requests and replies of a bidirectional call: one thread, or one coroutine, may write while
// another reads.
template <typename Request, typename Response>
class [[nodiscard]] ClientReaderWriter : public ClientReader<Response> {
 public:
  using ClientReader<Response>::ClientReader;

  // As in ClientWriter; status() tells why it was false.
  bool Write(const Request& message) {
    return this->stream_->Write(internal::OutMessage::Of(message)) ==
           internal::ClientStream::Step::kDone;
  }
  auto CoWrite(Request message) & {
    return internal::WriteAwaiter<Request>(this->stream_, std::move(message));
  }
  void CoWrite(Request message) && = delete;

  // No more messages will be written. The server may go on sending. Does not block.
  void WritesDone() { this->stream_->HalfClose(); }
};

}  // namespace piperpc
