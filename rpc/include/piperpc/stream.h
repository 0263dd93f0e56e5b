// Stream<T>: a coroutine that yields messages. The form of handlers that stream their replies.
//
//     piperpc::Stream<Number> CoCount(piperpc::ServerContext& context, CountRequest request) {
//       for (int i = 0; i < request.count(); ++i) co_yield MakeNumber(i);
//     }
//
// A yield hands the message to the connection and waits while the client has no credit left, so a
// slow client slows the handler and nothing is piled up. `co_yield absl::Status` with an error ends
// the stream with it; nothing after it runs. Reaching the end of the coroutine ends
// the call with OK.
//
// When the call has been stopped, the handler is not resumed from a yield: its frame is destroyed
// there, and with it what it holds. Everything else that it waits for should look at the stop
// token.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/export.h"
#include "piperpc/internal/codec.h"
#include "piperpc/internal/frame_check.h"

namespace piperpc {

namespace internal {

// What becomes of a producer that waits in a yield when its call is stopped.
enum class AtStop {
  kDestroy,  // It is destroyed there.
  kResume,   // It goes on, and what it still yields is dropped.
};

// What a stream yields into. Runs on the call's executor.
class PIPERPC_EXPORT StreamSink {
 public:
  // Takes `message` at once. False: the producer stays suspended, and the sink resumes it when
  // there is room again, or does as `at_stop` says.
  virtual bool Put(const OutMessage& message, std::coroutine_handle<> producer, AtStop at_stop) = 0;

  // The stream has ended: off its end (OK), or by a yielded status. The frame is suspended for good
  // and may be destroyed, though not before this returns.
  virtual void End(absl::Status status) = 0;

  // The same, by OK and a message that is the response's own.
  virtual void FinishWith(const OutMessage& response) = 0;

  // The same, by an exception: the caller gets INTERNAL, the server's log what was thrown.
  virtual void Throw(std::exception_ptr exception) = 0;

 protected:
  ~StreamSink() = default;
};

// A reply that is yielded by what must see the end of its call itself.
template <typename T>
struct Offer {
  const T& message;
};

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
  internal::InitialSuspend<promise_type> initial_suspend() noexcept {
    return internal::InitialSuspend<promise_type>(*this);
  }

  class YieldAwaiter {
   public:
    YieldAwaiter(internal::StreamSink& sink, const T& message, internal::AtStop at_stop)
        : sink_(sink), message_(message), at_stop_(at_stop) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(Handle producer) {
      return !sink_.Put(internal::OutMessage::Of(message_), producer, at_stop_);
    }
    void await_resume() const noexcept {}

   private:
    internal::StreamSink& sink_;
    const T& message_;  // The operand of co_yield: alive until the coroutine goes on.
    const internal::AtStop at_stop_;
  };

  class EndAwaiter {
   public:
    EndAwaiter(internal::StreamSink* sink, absl::Status status, std::exception_ptr thrown = nullptr)
        : sink_(sink), status_(std::move(status)), thrown_(std::move(thrown)) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle) noexcept {
      if (thrown_) return sink_->Throw(std::move(thrown_));
      sink_->End(std::move(status_));
    }
    void await_resume() const noexcept {}

   private:
    internal::StreamSink* const sink_;
    absl::Status status_;
    std::exception_ptr thrown_;
  };

  class ResponseAwaiter {
   public:
    ResponseAwaiter(internal::StreamSink& sink, const RawMessage& response)
        : sink_(sink), response_(response) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(Handle) { sink_.FinishWith(internal::OutMessage::Of(response_)); }
    void await_resume() const noexcept {}

   private:
    internal::StreamSink& sink_;
    const RawMessage& response_;  // As above.
  };

  YieldAwaiter yield_value(const T& message) {
    return YieldAwaiter(*sink, message, internal::AtStop::kDestroy);
  }
  YieldAwaiter yield_value(internal::Offer<T> offer) {
    return YieldAwaiter(*sink, offer.message, internal::AtStop::kResume);
  }
  ResponseAwaiter yield_value(const RawResponse& response) requires std::same_as<T, RawMessage> {
    return ResponseAwaiter(*sink, response.message);
  }
  EndAwaiter yield_value(absl::Status status) { return EndAwaiter(sink, std::move(status)); }
  EndAwaiter final_suspend() noexcept {
    return EndAwaiter(sink, absl::OkStatus(), std::move(thrown_));
  }
  void return_void() {}
  void unhandled_exception() { thrown_ = std::current_exception(); }

  internal::StreamSink* sink = nullptr;

 private:
  std::exception_ptr thrown_;
};

}  // namespace piperpc
