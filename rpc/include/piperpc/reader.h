// How handlers read a stream of requests, and how blocking handlers write one of replies.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "piperpc/internal/codec.h"
#include "piperpc/internal/streams.h"
#include "piperpc/task.h"

namespace piperpc {

// The requests of a client-streaming or bidirectional call, for a coroutine handler. Moves with the
// handler's frame; one reader of a call.
//
//     while (std::optional<Line> line = co_await reader.Next()) Use(*line);
template <typename T>
class Reader {
 public:
  explicit Reader(internal::InboundStream& inbound) : inbound_(&inbound) {}

  // The next message; none when the client has sent all of them, or when the call has been stopped
  // (the stop token tells which).
  class [[nodiscard]] NextAwaiter {
   public:
    explicit NextAwaiter(internal::InboundStream& inbound) : inbound_(inbound) {}
    ~NextAwaiter() { inbound_.Forget(); }
    NextAwaiter(const NextAwaiter&) = delete;
    NextAwaiter& operator=(const NextAwaiter&) = delete;
    bool await_ready() { return inbound_.Ready(); }
    void await_suspend(std::coroutine_handle<> handle) { inbound_.Await(handle); }
    std::optional<T> await_resume() {
      std::optional<T> message(std::in_place);
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
  NextAwaiter Next() { return NextAwaiter(*inbound_); }

 private:
  internal::InboundStream* inbound_;
};

// The same for a blocking handler: Next() waits on its worker thread.
template <typename T>
class BlockingReader {
 public:
  explicit BlockingReader(internal::BlockingSource<T>& source) : source_(source) {}
  std::optional<T> Next() { return source_.Next(); }

 private:
  internal::BlockingSource<T>& source_;
};

// The replies of a blocking handler.
template <typename T>
class Writer {
 public:
  explicit Writer(internal::BlockingSink<T>& sink) : sink_(sink) {}

  // Waits while the client has no credit left. False: nobody reads any more; return.
  bool Write(T message) { return sink_.Write(std::move(message)); }

 private:
  internal::BlockingSink<T>& sink_;
};

}  // namespace piperpc
