// Stream<T>: a coroutine that yields messages. The form of handlers that stream their replies.
//
//     piperpc::Stream<Number> Count(piperpc::ServerContext& context, CountRequest request) {
//       for (int i = 0; i < request.count(); ++i) co_yield MakeNumber(i);
//     }
//
// A yield hands the message to the connection and waits while the client has no credit left, so a
// slow client slows the handler and nothing is piled up. `co_yield absl::Status` with an error ends
// the stream with it; nothing after it runs. Running off the end is OK.
//
// When the call has been cancelled, the handler is not resumed from a yield: its frame is destroyed
// there, and with it what it holds. Everything else that it waits for should look at the stop
// token.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/internal/codec.h"

namespace piperpc {

namespace internal {

// What a stream yields into. Runs on the call's executor.
class StreamSink {
 public:
  // Takes `message` at once. False: the producer stays suspended, and the sink resumes it when
  // there is room again, or lets it be destroyed.
  virtual bool Put(const OutMessage& message, std::coroutine_handle<> producer) = 0;

  // The stream has ended: off its end (OK), by a yielded status, or by an exception (INTERNAL). The
  // frame is suspended for good and may be destroyed, though not before this returns.
  virtual void End(absl::Status status) = 0;

 protected:
  ~StreamSink() = default;
};

// What an exception that left a handler becomes: INTERNAL, with its what().
absl::Status StatusOfException(std::exception_ptr exception);

}  // namespace internal

template <typename T>
class [[nodiscard]] Stream {
 public:
  class promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Stream(Stream&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Stream() { Destroy(); }

  // Begins the stream; all it yields goes to `sink`, which outlives it. For the runtime.
  void Start(internal::StreamSink& sink) {
    handle_.promise().sink = &sink;
    handle_.resume();
  }

 private:
  explicit Stream(Handle handle) : handle_(handle) {}
  void Destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  Handle handle_;
};

template <typename T>
class Stream<T>::promise_type {
 public:
  Stream get_return_object() { return Stream(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() noexcept { return {}; }

  class YieldAwaiter {
   public:
    YieldAwaiter(internal::StreamSink& sink, const T& message) : sink_(sink), message_(message) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(Handle producer) {
      return !sink_.Put(internal::OutMessage::Of(message_), producer);
    }
    void await_resume() const noexcept {}

   private:
    internal::StreamSink& sink_;
    const T& message_;  // The operand of co_yield: alive until the coroutine goes on.
  };

  class EndAwaiter {
   public:
    EndAwaiter(internal::StreamSink* sink, absl::Status status)
        : sink_(sink), status_(std::move(status)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle) noexcept { sink_->End(std::move(status_)); }
    void await_resume() const noexcept {}

   private:
    internal::StreamSink* const sink_;
    absl::Status status_;
  };

  YieldAwaiter yield_value(const T& message) { return YieldAwaiter(*sink, message); }
  EndAwaiter yield_value(absl::Status status) { return EndAwaiter(sink, std::move(status)); }
  EndAwaiter final_suspend() noexcept { return EndAwaiter(sink, std::move(result_)); }
  void return_void() {}
  void unhandled_exception() { result_ = internal::StatusOfException(std::current_exception()); }

  internal::StreamSink* sink = nullptr;

 private:
  absl::Status result_;
};

}  // namespace piperpc
