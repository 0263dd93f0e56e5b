// What generated client stubs are made of: one function template for each form of a call.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/client.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/wakeup.h"
#include "piperpc/task.h"

namespace piperpc::internal {

template <typename Response, typename Request>
absl::StatusOr<Response> CallUnary(ChannelCore& channel, const ClientMethod& method,
                                   const Request& request, const CallOptions& options) {
  absl::StatusOr<Response> response;
  Response& message = response.emplace();
  absl::Status status =
      channel.CallUnary(method, OutMessage::Of(request), options,
                        [&](std::span<const char> bytes) { return ParseMessage(bytes, message); });
  if (!status.ok()) response = std::move(status);
  return response;
}

// What an error calls a reply of `method`: a text that does not go away.
inline std::string_view NameOfReply(const ClientMethod& method) {
  return method.copy_name ? "raw bytes" : method.name;
}

template <typename Response>
absl::StatusOr<Response> ParseReply(std::string_view name, absl::Status status,
                                    std::span<const char> bytes) {
  absl::StatusOr<Response> response;
  if (!status.ok()) {
    response = std::move(status);
  } else if (const ParseResult parsed = ParseMessage(bytes, response.emplace());
             parsed != ParseResult::kParsed) {
    response = MalformedReply(name, bytes.size(), parsed);
  }
  return response;
}

template <typename Response>
using ResponseCallback = absl::AnyInvocable<void(absl::StatusOr<Response>)>;

template <typename Response, typename Request>
std::shared_ptr<CallControl> BeginUnary(ChannelCore& channel, const ClientMethod& method,
                                        const Request& request, const CallOptions& options,
                                        ResponseCallback<Response>&& on_done) {
  return channel.StartUnary(
      method, OutMessage::Of(request), options,
      UnaryDone([name = NameOfReply(method), on_done = std::move(on_done)](
                    absl::Status status, std::span<const char> bytes) mutable {
        if (on_done) on_done(ParseReply<Response>(name, std::move(status), bytes));
      }));
}

// `on_done` is moved from and called exactly once, on the channel's loop (where there is none, see
// ChannelCore::StartUnary); it must not block.
template <typename Response, typename Request>
PendingCall StartUnary(ChannelCore& channel, const ClientMethod& method, const Request& request,
                       const CallOptions& options,
                       absl::AnyInvocable<void(absl::StatusOr<Response>)>&& on_done) {
  return PendingCall(BeginUnary<Response>(channel, method, request, options, std::move(on_done)));
}

// Awaits one call. Destroyed before it is over, it cancels the call.
template <typename Response>
class [[nodiscard]] UnaryAwaiter {
 public:
  using Done = ResponseCallback<Response>;
  using Start = absl::AnyInvocable<std::shared_ptr<CallControl>(Done)>;
  explicit UnaryAwaiter(Start start) : start_(std::move(start)) {}
  ~UnaryAwaiter() {
    if (state_ != nullptr) state_->Abandon();
  }
  UnaryAwaiter(const UnaryAwaiter&) = delete;
  UnaryAwaiter& operator=(const UnaryAwaiter&) = delete;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    const auto state = std::make_shared<State>(handle);
    state_ = state;
    const std::shared_ptr<CallControl> call = start_([state](absl::StatusOr<Response> response) {
      state->response = std::move(response);
      state->Fire();
    });
    state->Watch(call);  // Without an executor, the frame may be gone already.
  }
  absl::StatusOr<Response> await_resume() {
    const std::shared_ptr<State> state = std::exchange(state_, nullptr);
    return std::move(state->response);
  }

 private:
  class State final : public Wakeup {
   public:
    explicit State(std::coroutine_handle<> handle)
        : Wakeup(Executor::CurrentHandle(), &Resume, handle.address()) {}
    void Watch(const std::shared_ptr<CallControl>& call) {
      const MutexLock lock(mutex_);
      call_ = call;
    }
    void Abandon() {
      Detach();
      std::shared_ptr<CallControl> call;
      {
        const MutexLock lock(mutex_);
        call = call_.lock();
      }
      if (call != nullptr) call->Cancel();
    }

    absl::StatusOr<Response> response;

   private:
    static void Resume(void* frame) { std::coroutine_handle<>::from_address(frame).resume(); }

    Mutex mutex_;
    // Which holds this, until it is over.
    std::weak_ptr<CallControl> call_ ABSL_GUARDED_BY(mutex_);
  };

  Start start_;
  std::shared_ptr<State> state_;  // While it awaits.
};

// Resumes on the awaiting executor, or else on the channel's loop. The awaiting frame may be
// destroyed on that executor before; then the call is cancelled. `channel` is kept alive by the
// task.
template <typename Response, typename Request>
Task<absl::StatusOr<Response>> CoUnary(std::shared_ptr<ChannelCore> channel, ClientMethod method,
                                       Request request, CallOptions options) {
  UnaryAwaiter<Response> awaiter([&](typename UnaryAwaiter<Response>::Done on_done) {
    return BeginUnary<Response>(*channel, method, request, options, std::move(on_done));
  });
  absl::StatusOr<Response> response = co_await awaiter;
  co_return response;
}

template <typename Response, typename Request>
ClientReader<Response> OpenReader(ChannelCore& channel, const ClientMethod& method,
                                  const Request& request, const CallOptions& options) {
  const OutMessage message = OutMessage::Of(request);
  return ClientReader<Response>(channel.OpenStream(method, &message, options));
}

template <typename Request, typename Response>
ClientWriter<Request, Response> OpenWriter(ChannelCore& channel, const ClientMethod& method,
                                           const CallOptions& options) {
  return ClientWriter<Request, Response>(channel.OpenStream(method, nullptr, options));
}

template <typename Request, typename Response>
ClientReaderWriter<Request, Response> OpenReaderWriter(ChannelCore& channel,
                                                       const ClientMethod& method,
                                                       const CallOptions& options) {
  return ClientReaderWriter<Request, Response>(channel.OpenStream(method, nullptr, options));
}

// The replies of a call with callbacks: both run on the channel's loop, one after the other, and
// must not block; either may be null. `on_done` runs once, last. (For callers, PendingCall in
// client.h says all this.)
template <typename Response>
class StreamListener : public std::enable_shared_from_this<StreamListener<Response>> {
 public:
  StreamListener(const ClientMethod& method, absl::AnyInvocable<void(Response)> on_message,
                 absl::AnyInvocable<void(absl::Status)> on_done)
      : name_(NameOfReply(method)),
        on_message_(std::move(on_message)),
        on_done_(std::move(on_done)) {}

  // Once. Keeps itself alive until the call has ended.
  void Listen(std::shared_ptr<ClientStream> stream) {
    stream_ = std::move(stream);
    Listen();
  }

 private:
  void Listen() {
    stream_->WhenReadable([self = this->shared_from_this()] { self->Drain(); });
  }

  void Drain() {
    std::span<const char> bytes;
    ClientStream::Step step;
    while ((step = stream_->TryRead(bytes)) == ClientStream::Step::kDone) {
      Response message;
      const ParseResult parsed = ParseMessage(bytes, message);
      if (parsed != ParseResult::kParsed) {
        stream_->Fail(MalformedReply(name_, bytes.size(), parsed));
        continue;
      }
      if (!on_message_) continue;
      // When it throws, the call is over, and `on_done` says so.
      RunGuarded([&] { on_message_(std::move(message)); },
                 [this](const std::exception_ptr& thrown) { stream_->FailThrown(thrown); });
    }
    if (step == ClientStream::Step::kLater) return Listen();
    if (on_done_) on_done_(stream_->status());
  }

  std::shared_ptr<ClientStream> stream_;
  const std::string_view name_;
  absl::AnyInvocable<void(Response)> on_message_;
  absl::AnyInvocable<void(absl::Status)> on_done_;
};

template <typename Response, typename Request>
PendingCall ListenToStream(ChannelCore& channel, const ClientMethod& method, const Request& request,
                           const CallOptions& options,
                           absl::AnyInvocable<void(Response)> on_message,
                           absl::AnyInvocable<void(absl::Status)> on_done) {
  // First, for it may find no memory, and a call that was begun must end.
  const auto listener =
      std::make_shared<StreamListener<Response>>(method, std::move(on_message), std::move(on_done));
  const OutMessage message = OutMessage::Of(request);
  std::shared_ptr<ClientStream> stream = channel.OpenStream(method, &message, options);
  listener->Listen(stream);
  return PendingCall(std::move(stream));
}

// The callback form of a client-streaming call: its only reply is listened to as if there could be
// many.
template <typename Request, typename Response>
AsyncWriter<Request> StartWriter(ChannelCore& channel, const ClientMethod& method,
                                 const CallOptions& options,
                                 absl::AnyInvocable<void(absl::StatusOr<Response>)> on_done) {
  const auto response = std::make_shared<Response>();
  const auto listener = std::make_shared<StreamListener<Response>>(
      method, [response](Response message) { *response = std::move(message); },
      [response, on_done = std::move(on_done)](absl::Status status) mutable {
        if (!on_done) return;
        if (!status.ok()) return on_done(std::move(status));
        on_done(std::move(*response));
      });
  std::shared_ptr<ClientStream> stream = channel.OpenStream(method, nullptr, options);
  std::shared_ptr<ClientStream> writer = WriterHandle::Share(stream);
  listener->Listen(std::move(stream));
  return AsyncWriter<Request>(std::move(writer));
}

template <typename Request, typename Response>
using StreamCallback = absl::AnyInvocable<void(const AsyncWriter<Request>&, Response)>;

// The callback form of a bidirectional call. `on_message` is given the writer, which it could not
// have otherwise when the first message comes. When that has gone away, though WritesDone() was
// called before, there is another one.
template <typename Request, typename Response>
AsyncWriter<Request> StartReaderWriter(ChannelCore& channel, const ClientMethod& method,
                                       const CallOptions& options,
                                       StreamCallback<Request, Response> on_message,
                                       absl::AnyInvocable<void(absl::Status)> on_done) {
  const std::shared_ptr<ClientStream> stream = channel.OpenStream(method, nullptr, options);
  std::shared_ptr<ClientStream> writer = WriterHandle::Share(stream);
  absl::AnyInvocable<void(Response)> listen;
  if (on_message) {
    listen = [stream, writer = std::weak_ptr(writer),
              on_message = std::move(on_message)](Response message) mutable {
      std::shared_ptr<ClientStream> shared = writer.lock();
      if (shared == nullptr) shared = stream;
      const AsyncWriter<Request> given(std::move(shared));
      on_message(given, std::move(message));
    };
  }
  std::make_shared<StreamListener<Response>>(method, std::move(listen), std::move(on_done))
      ->Listen(stream);
  return AsyncWriter<Request>(std::move(writer));
}

}  // namespace piperpc::internal
