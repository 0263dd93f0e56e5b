// Calls of any method, by its name, with bytes instead of typed messages: for a proxy, a gateway, a
// command line.
//
//     piperpc::RawClient client(piperpc::Connect("demo"));
//     piperpc::RawMessage request{hello.SerializeAsString()};
//     absl::StatusOr<piperpc::RawMessage> reply = client.Unary("demo.v1.Greeter/Greet", request);
//
// Everything that applies to the calls of generated clients applies here, too: CallOptions,
// metadata and trailers, deadlines, stop tokens, middleware, and the errors (channel.h). In
// addition,
//
//   INVALID_ARGUMENT   the method's name is empty or longer than 1,024 bytes; nothing is sent. Or
//                      the method is of another type than the function that called it (see each);
//                      the connection goes on.
//   UNIMPLEMENTED      the server has no such method.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "piperpc/client.h"
#include "piperpc/export.h"
#include "piperpc/raw_message.h"
#include "piperpc/task.h"

namespace piperpc {

// A call of a method of which only the server knows whether it gives one reply or streams them. Its
// messages, if there are any, are read as with ClientReader. When there are no more and status() is
// OK, the response is taken. Forwarding both in this order is right for a method of any type.
//
//     while (std::optional<RawMessage> message = call.Next()) Use(*message);
//     if (call.status().ok()) UseResponse(call.TakeResponse());
//
// Dropping it cancels the call. One thread, or one coroutine, may write while another reads.
class [[nodiscard]] RawCall final : public ClientReaderWriter<RawMessage, RawMessage> {
 public:
  using ClientReaderWriter::ClientReaderWriter;

  // What the server has ended the call with: the reply of a method that gives one, and no bytes of
  // one that streams its replies. Once, after Next() has given none; no bytes unless status() is
  // OK.
  RawMessage TakeResponse() { return stream_->TakeResponse(); }
};

// Thread-safe; copies share the channel. `method` is "package.Service/Method" everywhere; nothing
// that is passed is used after a function has returned, except CallOptions::trailers.
class PIPERPC_EXPORT RawClient {
 public:
  explicit RawClient(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}

  const std::shared_ptr<Channel>& channel() const { return channel_; }

  // --- One request, one reply. INVALID_ARGUMENT: the method takes a stream of requests, or has
  // sent a message of a stream of replies. One that streams its replies and sends none looks like
  // one with an empty reply: the result is OK and has no bytes. ---

  // Blocks until the call has ended.
  absl::StatusOr<RawMessage> Unary(std::string_view method, const RawMessage& request,
                                   const CallOptions& options = {}) const;

  // Returns at once. `on_done` runs once, on the channel's event loop, and must not block; it may
  // be null. When it runs on the calling thread: see PendingCall (client.h).
  //
  //     client.UnaryAsync("demo.v1.Greeter/Greet", request, {.timeout = 1s},
  //                       [](absl::StatusOr<piperpc::RawMessage> reply) { … });
  PendingCall UnaryAsync(std::string_view method, const RawMessage& request,
                         const CallOptions& options,
                         absl::AnyInvocable<void(absl::StatusOr<RawMessage>)> on_done) const;

  // Begins when it is awaited. Resumes on the awaiting executor, or else on the channel's event
  // loop. The awaiting coroutine may be destroyed on that executor: that cancels the call. Keeps
  // the channel alive.
  //
  //     auto call = client.CoUnary("demo.v1.Greeter/Greet", std::move(request));
  //     absl::StatusOr<piperpc::RawMessage> reply = co_await call;
  Task<absl::StatusOr<RawMessage>> CoUnary(std::string method, RawMessage request) const;
  CallTask<RawMessage> CoUnary(std::string method, RawMessage request, CallOptions options) const;

  // --- One request, a stream of replies. INVALID_ARGUMENT: the method gives one reply, and sent
  // one that is not empty, or takes a stream of requests. ---

  // Returns at once. Next() of what it returns blocks, CoNext() is awaited.
  //
  //     auto events = client.ServerStreaming("demo.v1.Feed/Watch", request);
  //     while (std::optional<piperpc::RawMessage> event = events.Next()) Use(*event);
  //     absl::Status why = events.status();
  ClientReader<RawMessage> ServerStreaming(std::string_view method, const RawMessage& request,
                                           const CallOptions& options = {}) const;

  // Both run on the channel's event loop, one after the other, and must not block; either may be
  // null. `on_done` runs once, last. After a cancel (PendingCall::Cancel(), CallOptions::stop,
  // Close(), the end of the channel) `on_message` does not run any more, except as described at
  // PendingCall::Cancel().
  PendingCall ServerStreamingAsync(std::string_view method, const RawMessage& request,
                                   const CallOptions& options,
                                   absl::AnyInvocable<void(RawMessage)> on_message,
                                   absl::AnyInvocable<void(absl::Status)> on_done) const;

  // --- A stream of requests, one reply. INVALID_ARGUMENT: the method takes one request, or streams
  // its replies. Returns at once. ---
  //
  //     auto upload = client.ClientStreaming("demo.v1.Store/Upload");
  //     while (std::optional<piperpc::RawMessage> part = NextPart()) {
  //       if (!upload.Write(*part)) break;
  //     }
  //     absl::StatusOr<piperpc::RawMessage> receipt = upload.Finish();
  //
  // CoWrite() and CoFinish() are awaited.
  ClientWriter<RawMessage, RawMessage> ClientStreaming(std::string_view method,
                                                       const CallOptions& options = {}) const;

  // The same with callbacks: `on_done` is that of UnaryAsync(), and AsyncWriter (client.h) shows
  // how the requests are written.
  AsyncWriter<RawMessage> ClientStreamingAsync(
      std::string_view method, const CallOptions& options,
      absl::AnyInvocable<void(absl::StatusOr<RawMessage>)> on_done) const;

  // --- Streams both ways. INVALID_ARGUMENT: the method takes one request, or gives one reply that
  // is not empty. Returns at once. ---
  ClientReaderWriter<RawMessage, RawMessage> Bidirectional(std::string_view method,
                                                           const CallOptions& options = {}) const;

  // The same with callbacks, which are those of ServerStreamingAsync(). Keep what is returned until
  // WritesDone() (see AsyncWriter). `on_message` is given the same writer, because it may run
  // before that has been stored. With a server that waits for each answer before it says more:
  //
  //     talk_ = client.BidirectionalAsync(
  //         "demo.v1.Echo/Talk", {},
  //         [](const piperpc::AsyncWriter<piperpc::RawMessage>& talk, piperpc::RawMessage heard) {
  //           talk.Write(Answer(heard), nullptr);
  //         },
  //         [](absl::Status end) { … });
  AsyncWriter<RawMessage> BidirectionalAsync(
      std::string_view method, const CallOptions& options,
      absl::AnyInvocable<void(const AsyncWriter<RawMessage>&, RawMessage)> on_message,
      absl::AnyInvocable<void(absl::Status)> on_done) const;

  // --- For callers that do not know whether the method returns one reply or a stream.
  // INVALID_ARGUMENT: OpenWithRequest() on a method that takes a stream of requests, or
  // OpenWithStream() on one that takes a single request. Both return at once. ---
  //
  // As for all streams, there is no deadline without CallOptions::timeout. Write() and CoWrite() of
  // the first one give false.
  RawCall OpenWithRequest(std::string_view method, const RawMessage& request,
                          const CallOptions& options = {}) const;
  RawCall OpenWithStream(std::string_view method, const CallOptions& options = {}) const;

 private:
  std::shared_ptr<Channel> channel_;
};

}  // namespace piperpc
