// How handlers read a stream of requests: CoReader in a coroutine, Reader where they may block; and
// how blocking handlers write a stream of replies: Writer. (A coroutine yields them, see stream.h.)
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "piperpc/internal/codec.h"
#include "piperpc/internal/frame_check.h"
#include "piperpc/internal/streams.h"
#include "piperpc/task.h"

namespace piperpc {

// The requests of a client-streaming or bidirectional call, for a coroutine handler. Valid until
// the handler has ended. One CoNext() at a time, on the call's executor.
//
//     while (std::optional<Line> line = co_await reader.CoNext()) Use(*line);
template <typename T>
class CoReader {
 public:
  explicit CoReader(internal::InboundStream& inbound) : inbound_(&inbound) {}

  // Awaiting it returns the next message; none when the client has sent all of them or the call has
  // been stopped (ServerContext::stop_token() tells which). A message that cannot be parsed ends
  // the call with INVALID_ARGUMENT. It is a std::optional<T>. With g++ 12 it must have a name
  // before it is asked whether there is one (see piperpc/task.h).
  class [[nodiscard]] NextAwaiter {
   public:
    explicit NextAwaiter(internal::InboundStream& inbound) : inbound_(inbound) {}
    ~NextAwaiter() { inbound_.Forget(); }
    NextAwaiter(const NextAwaiter&) = delete;
    NextAwaiter& operator=(const NextAwaiter&) = delete;
    bool await_ready() { return inbound_.Ready(); }
    void await_suspend(std::coroutine_handle<> handle) { inbound_.ResumeWhenReady(handle); }
    internal::AwaitedMessage<T> await_resume() {
      internal::AwaitedMessage<T> message;
      message.emplace();
      if (!inbound_.Pop([&message](std::span<const char> bytes) {
            return internal::ParseMessage(bytes, *message);
          })) {
        message.reset();
      }
      return message;
    }

   private:
    internal::InboundStream& inbound_;
  };
  NextAwaiter CoNext() { return NextAwaiter(*inbound_); }

 private:
  internal::InboundStream* inbound_;
};

// The same for a blocking handler: Next() blocks its worker thread.
template <typename T>
class Reader {
 public:
  explicit Reader(internal::BlockingSource<T>& source) : source_(source) {}
  std::optional<T> Next() { return source_.Next(); }

 private:
  internal::BlockingSource<T>& source_;
};

// Writes the replies of a blocking handler.
template <typename T>
class Writer {
 public:
  explicit Writer(internal::BlockingSink<T>& sink) : sink_(sink) {}

  // Blocks while the client has not read enough of what was sent. False: the call has ended, so the
  // handler should return.
  bool Write(T message) { return sink_.Write(std::move(message)); }

 private:
  internal::BlockingSink<T>& sink_;
};

}  // namespace piperpc
