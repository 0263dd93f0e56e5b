// What the coroutine form of a method does when it is not overridden: it runs the blocking form on
// the server's workers. Generated code calls these; each is one function for one method type.
//
// The handler's thread waits for messages in a Handoff, and the call's coroutine, on the loop, is
// at its other end. Both handoffs are closed when the call is stopped and when the coroutine goes
// away, which lets the handler go. What the handler works on belongs to both: the coroutine never
// waits for the thread, and a call that was stopped ends when its handler has. A handler that had
// not begun by then is not run.
//
// The context is the call's own, and lives until the handler has ended: the server destroys no
// coroutine while a worker is busy.
//
// A handler that throws ends the call with INTERNAL; a pool that has no room, with its status.
#pragma once

#include <memory>
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
Task<bool> FeedRequests(CoReader<Request> reader, Handoff<Request>& requests) {
  bool taken = true;
  bool more = true;
  while (taken && more) {
    while (requests.full()) {
      auto room = requests.event().Wait();
      co_await room;
    }
    auto next = reader.CoNext();
    auto request = co_await next;
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
  void Close() {}
  const Request& argument() const { return request_; }

 private:
  const Request request_;
};

// What a handler takes in: a stream of them.
template <typename Request>
class RequestStream final : private BlockingSource<Request> {
 public:
  RequestStream() : reader_(*this) {}
  RequestStream(const RequestStream&) = delete;
  RequestStream& operator=(const RequestStream&) = delete;

  // Moves what `reader` has in here; belongs to the call's coroutine.
  Task<bool> Feed(CoReader<Request> reader) { return FeedRequests(reader, queue_); }
  void Close() { queue_.Close(); }
  Reader<Request>& argument() { return reader_; }

 private:
  std::optional<Request> Next() override { return queue_.TakeAndWait(); }

  Handoff<Request> queue_;
  Reader<Request> reader_;
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
// handler's task in a frame: then the handler is let go first.
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
  return RunBlocking(
      context.workers(),
      [&service, handler, &context, request = std::move(request)] {
        return (service.*handler)(context, request);
      },
      context.stop_token());
}

template <typename S, typename Request, typename Response>
Task<absl::StatusOr<Response>> ClientStreamOnWorker(
    S& service, absl::StatusOr<Response> (S::*handler)(ServerContext&, Reader<Request>&),
    ServerContext& context, CoReader<Request> reader) {
  auto requests = std::make_shared<RequestStream<Request>>();
  Task<absl::StatusOr<Response>> work = RunBlocking(
      context.workers(),
      [&service, handler, &context, requests] {
        return (service.*handler)(context, requests->argument());
      },
      context.stop_token());
  CloseOnExit close_requests(*requests, context.stop_token());
  Task<bool> feed = requests->Feed(reader);
  feed.Start([](void*) {}, nullptr);
  absl::StatusOr<Response> response = co_await work;
  co_return response;
}

// What the two ends of a call that streams its replies have in common.
template <typename Requests, typename Response>
struct SharedStreams {
  template <typename... Arguments>
  explicit SharedStreams(Arguments&&... arguments)
      : requests(std::forward<Arguments>(arguments)...) {}
  Requests requests;
  ReplyStream<Response> replies;
};

// The handler at work on them.
template <typename S, typename Handler, typename Streams>
Task<absl::Status> WorkOn(S& service, Handler handler, ServerContext& context,
                          std::shared_ptr<Streams> streams) {
  return RunBlocking(
      context.workers(),
      [&service, handler, &context, streams = std::move(streams)] {
        return (service.*handler)(context, streams->requests.argument(),
                                  streams->replies.argument());
      },
      context.stop_token());
}

// Yields what the handler, which `work` runs, writes until it has ended, and ends as it did. When
// the call is stopped the handler is let go, and its end is waited for.
template <typename Requests, typename Response>
Stream<Response> RepliesFromWorker(ServerContext& context,
                                   std::shared_ptr<SharedStreams<Requests, Response>> streams,
                                   Task<absl::Status> handler, std::optional<Task<bool>> feed) {
  absl::Status status;
  {
    ReplyStream<Response>& replies = streams->replies;
    SideTask<absl::Status> work(std::move(handler), replies.event());
    CloseOnExit close_requests(streams->requests, context.stop_token());
    CloseOnExit close_replies(replies, context.stop_token());
    if (feed.has_value()) feed->Start([](void*) {}, nullptr);
    work.Start();
    for (bool ended = false; !ended;) {
      ended = work.ended();  // Before Take(): nothing is written after that.
      for (std::optional<Response> reply = replies.Take(); reply.has_value();
           reply = replies.Take()) {
        Offer<Response> offer{*reply};
        co_yield offer;
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
  using Streams = SharedStreams<OneRequest<Request>, Response>;
  auto streams = std::make_shared<Streams>(std::move(request));
  Task<absl::Status> work = WorkOn(service, handler, context, streams);
  return RepliesFromWorker<OneRequest<Request>, Response>(context, std::move(streams),
                                                          std::move(work), std::nullopt);
}

template <typename S, typename Request, typename Response>
Stream<Response> BidiOnWorker(S& service,
                              absl::Status (S::*handler)(ServerContext&, Reader<Request>&,
                                                         Writer<Response>&),
                              ServerContext& context, CoReader<Request> reader) {
  using Streams = SharedStreams<RequestStream<Request>, Response>;
  auto streams = std::make_shared<Streams>();
  Task<absl::Status> work = WorkOn(service, handler, context, streams);
  Task<bool> feed = streams->requests.Feed(reader);
  return RepliesFromWorker<RequestStream<Request>, Response>(context, std::move(streams),
                                                             std::move(work), std::move(feed));
}

}  // namespace piperpc::internal
