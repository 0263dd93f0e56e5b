// What the coroutine form of a method does when it is not overridden: it runs the blocking form on
// the server's workers. Generated code calls these; each is one function for one call shape.
//
// The handler's thread waits for messages in a Handoff, and the call's coroutine, on the loop, is
// at its other end. Both handoffs are closed when the call is stopped and when the coroutine goes
// away, which lets the handler go; the coroutine's frame then waits for it, for it owns what the
// handler works on. A handler that ignores what its reader and writer tell it holds up the loop.
//
// A handler that throws ends the call with INTERNAL; a pool that has no room, with its status.
#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/internal/handoff.h"
#include "piperpc/internal/streams.h"
#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"

namespace piperpc::internal {

// Moves a call's requests to the handler's thread until there are no more, or nobody takes them.
// Gives true when the client has sent them all.
template <typename Request>
Task<bool> FeedRequests(Reader<Request> reader, Handoff<Request>& requests) {
  bool taken = true;
  bool more = true;
  while (taken && more) {
    while (requests.full()) {
      auto room = requests.event().Wait();
      co_await room;
    }
    auto next = reader.Next();
    std::optional<Request> request = co_await next;
    more = request.has_value();
    if (more) taken = requests.Put(*std::move(request));
  }
  requests.Close();
  co_return taken;
}

// What a handler takes in: one request.
template <typename Request>
class OneRequest {
 public:
  explicit OneRequest(Request request) : request_(std::move(request)) {}
  void Start() {}
  void Close() {}
  const Request& argument() const { return request_; }

 private:
  const Request request_;
};

// What a handler takes in: a stream of them, which Start() begins to feed.
template <typename Request>
class RequestStream final : private BlockingSource<Request> {
 public:
  explicit RequestStream(Reader<Request> reader)
      : reader_(*this), feed_(FeedRequests(reader, queue_)) {}
  RequestStream(const RequestStream&) = delete;
  RequestStream& operator=(const RequestStream&) = delete;

  void Start() {
    feed_.Start([](void*) {}, nullptr);
  }
  void Close() { queue_.Close(); }
  BlockingReader<Request>& argument() { return reader_; }

 private:
  std::optional<Request> Next() override { return queue_.TakeAndWait(); }

  Handoff<Request> queue_;
  BlockingReader<Request> reader_;
  Task<bool> feed_;  // The last: it waits at the queue.
};

// What a handler gives out: a stream of replies.
template <typename Response>
class ReplyStream final : private BlockingSink<Response> {
 public:
  ReplyStream() : writer_(*this) {}
  ReplyStream(const ReplyStream&) = delete;
  ReplyStream& operator=(const ReplyStream&) = delete;

  void Close() { queue_.Close(); }
  std::optional<Response> Take() { return queue_.Take(); }
  AsyncEvent& event() { return queue_.event(); }
  Writer<Response>& argument() { return writer_; }

 private:
  bool Write(Response message) override { return queue_.PutAndWait(std::move(message)); }

  Handoff<Response> queue_;
  Writer<Response> writer_;
};

// Closes a stream when the call is stopped, and when it goes away itself. Stands behind the
// handler's task in a frame: then the handler is let go before it is waited for.
template <typename Closeable>
class CloseOnExit {
 public:
  CloseOnExit(Closeable& stream, std::stop_token stop)
      : stream_(stream), on_stop_(std::move(stop), Close{stream}) {}
  ~CloseOnExit() { stream_.Close(); }
  CloseOnExit(const CloseOnExit&) = delete;
  CloseOnExit& operator=(const CloseOnExit&) = delete;

 private:
  struct Close {
    void operator()() const { stream.Close(); }
    Closeable& stream;
  };

  Closeable& stream_;
  std::stop_callback<Close> on_stop_;
};

// A task that runs beside the coroutine that owns it, and sets an event when it has ended.
template <typename T>
class SideTask {
 public:
  SideTask(Task<T> task, AsyncEvent& event) : task_(std::move(task)), event_(event) {}
  SideTask(const SideTask&) = delete;
  SideTask& operator=(const SideTask&) = delete;

  void Start() { task_.Start(&End, this); }
  bool ended() const { return ended_; }
  T Take() { return task_.Take(); }

 private:
  static void End(void* self) {
    auto& task = *static_cast<SideTask*>(self);
    task.ended_ = true;
    task.event_.Set();
  }

  Task<T> task_;
  AsyncEvent& event_;
  bool ended_ = false;
};

template <typename S, typename Request, typename Response>
Task<absl::StatusOr<Response>> UnaryOnWorker(S& service,
                                             absl::StatusOr<Response> (S::*handler)(ServerContext&,
                                                                                    const Request&),
                                             ServerContext& context, Request request) {
  return RunBlocking(context.workers(),
                     [&service, handler, &context, request = std::move(request)] {
                       return (service.*handler)(context, request);
                     });
}

template <typename S, typename Request, typename Response>
Task<absl::StatusOr<Response>> ClientStreamOnWorker(
    S& service, absl::StatusOr<Response> (S::*handler)(ServerContext&, BlockingReader<Request>&),
    ServerContext& context, Reader<Request> reader) {
  RequestStream<Request> requests(reader);
  Task<absl::StatusOr<Response>> work = RunBlocking(
      context.workers(), [&] { return (service.*handler)(context, requests.argument()); });
  CloseOnExit close_requests(requests, context.stop_token());
  requests.Start();
  absl::StatusOr<Response> response = co_await work;
  co_return response;
}

// Both shapes that stream their replies: yields what the handler writes until it has ended, and
// ends as the handler did. Requests is OneRequest or RequestStream, made of `input`.
template <typename Requests, typename Response, typename S, typename Handler, typename Input>
Stream<Response> RepliesFromWorker(S& service, Handler handler, ServerContext& context,
                                   Input input) {
  absl::Status status;
  {
    Requests requests(std::move(input));
    ReplyStream<Response> replies;
    SideTask<absl::Status> work(
        RunBlocking(
            context.workers(),
            [&] { return (service.*handler)(context, requests.argument(), replies.argument()); }),
        replies.event());
    CloseOnExit close_requests(requests, context.stop_token());
    CloseOnExit close_replies(replies, context.stop_token());
    requests.Start();
    work.Start();
    for (bool ended = false; !ended;) {
      ended = work.ended();  // Before Take(): nothing is written after that.
      for (std::optional<Response> reply = replies.Take(); reply.has_value();
           reply = replies.Take()) {
        co_yield *reply;
      }
      if (ended) break;
      auto change = replies.event().Wait();
      co_await change;
    }
    status = work.Take();
  }
  if (!status.ok()) co_yield status;
}

template <typename S, typename Request, typename Response>
Stream<Response> ServerStreamOnWorker(S& service,
                                      absl::Status (S::*handler)(ServerContext&, const Request&,
                                                                 Writer<Response>&),
                                      ServerContext& context, Request request) {
  return RepliesFromWorker<OneRequest<Request>, Response>(service, handler, context,
                                                          std::move(request));
}

template <typename S, typename Request, typename Response>
Stream<Response> BidiOnWorker(S& service,
                              absl::Status (S::*handler)(ServerContext&, BlockingReader<Request>&,
                                                         Writer<Response>&),
                              ServerContext& context, Reader<Request> reader) {
  return RepliesFromWorker<RequestStream<Request>, Response>(service, handler, context, reader);
}

}  // namespace piperpc::internal
