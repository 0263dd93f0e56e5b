#include "support/raw_forms.h"

#include <cstdlib>

namespace piperpc::testing {
namespace {

using RawReply = absl::StatusOr<RawMessage>;

RawMessage First(const Strings& requests) { return RawMessage{requests.front()}; }

// A name that goes away when the function that is given it has returned.
std::string Name(const std::string& method) { return "shapes.v1.Raw/" + method; }

void Add(CallResult& result, RawReply reply) {
  result.status = reply.status();
  if (reply.ok()) result.replies.push_back(std::move(reply->bytes));
}

CallResult Unary(const RawClient& client, const std::string& method, const Strings& requests,
                 CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  Add(result, client.Unary(Name(method), First(requests), options));
  return result;
}

CallResult UnaryAsync(const RawClient& client, const std::string& method, const Strings& requests,
                      CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  std::promise<RawReply> promise;
  std::future<RawReply> future = promise.get_future();
  client.UnaryAsync(Name(method), First(requests), options,
                    [&promise](RawReply reply) { promise.set_value(std::move(reply)); });
  if (!Arrives(future)) std::abort();
  Add(result, future.get());
  return result;
}

Task<CallResult> AwaitUnary(RawClient client, std::string method, Strings requests,
                            CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  auto call = client.CoUnary(Name(method), First(requests), options);
  RawReply reply = co_await call;
  Add(result, std::move(reply));
  co_return result;
}

template <auto kForm>
CallResult Await(const RawClient& client, const std::string& method, const Strings& requests,
                 CallOptions options) {
  return SyncWait(kForm(client, method, requests, std::move(options)));
}

// What is left to read, and how it ends.
template <typename Replies>
void ReadRest(Replies& replies, CallResult& result) {
  while (std::optional<RawMessage> reply = replies.Next()) result.replies.push_back(reply->bytes);
  result.status = replies.status();
}

CallResult Down(const RawClient& client, const std::string& method, const Strings& requests,
                CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  ClientReader<RawMessage> replies = client.ServerStreaming(Name(method), First(requests), options);
  ReadRest(replies, result);
  return result;
}

CallResult DownAsync(const RawClient& client, const std::string& method, const Strings& requests,
                     CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  std::promise<absl::Status> promise;
  std::future<absl::Status> future = promise.get_future();
  client.ServerStreamingAsync(
      Name(method), First(requests), options,
      [&result](RawMessage reply) { result.replies.push_back(std::move(reply.bytes)); },
      [&promise](absl::Status status) { promise.set_value(std::move(status)); });
  if (!Arrives(future)) std::abort();
  result.status = future.get();
  return result;
}

// The same with co_await.
template <typename Replies>
Task<bool> ReadAll(Replies& replies, CallResult& result) {
  bool more = true;
  while (more) {
    auto next = replies.CoNext();
    std::optional<RawMessage> reply = co_await next;
    more = reply.has_value();
    if (more) result.replies.push_back(std::move(reply->bytes));
  }
  result.status = replies.status();
  co_return true;
}

Task<CallResult> AwaitDown(RawClient client, std::string method, Strings requests,
                           CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  ClientReader<RawMessage> replies = client.ServerStreaming(Name(method), First(requests), options);
  auto all = ReadAll(replies, result);
  co_await all;
  co_return result;
}

CallResult Up(const RawClient& client, const std::string& method, const Strings& requests,
              CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  ClientWriter<RawMessage, RawMessage> call = client.ClientStreaming(Name(method), options);
  for (const std::string& request : requests) {
    if (!call.Write(RawMessage{request})) break;
  }
  Add(result, call.Finish());
  return result;
}

Task<CallResult> AwaitUp(RawClient client, std::string method, Strings requests,
                         CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  ClientWriter<RawMessage, RawMessage> call = client.ClientStreaming(Name(method), options);
  bool written = true;
  for (std::size_t i = 0; written && i < requests.size(); ++i) {
    auto write = call.CoWrite(RawMessage{requests[i]});
    written = co_await write;
  }
  auto finish = call.CoFinish();
  RawReply reply = co_await finish;
  Add(result, std::move(reply));
  co_return result;
}

using RawWriter = AsyncWriter<RawMessage>;

// All from that one on, each when the one before has been taken.
void WriteFrom(const RawWriter& call, const Strings& requests, std::size_t next) {
  if (next == requests.size()) return call.WritesDone();
  call.Write(RawMessage{requests[next]}, [call, &requests, next](absl::Status written) {
    if (written.ok()) WriteFrom(call, requests, next + 1);
  });
}

CallResult UpAsync(const RawClient& client, const std::string& method, const Strings& requests,
                   CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  std::promise<RawReply> promise;
  std::future<RawReply> future = promise.get_future();
  const RawWriter call = client.ClientStreamingAsync(
      Name(method), options, [&promise](RawReply reply) { promise.set_value(std::move(reply)); });
  WriteFrom(call, requests, 0);
  if (!Arrives(future)) std::abort();
  Add(result, future.get());
  return result;
}

// A method that replies to each request, so that neither side waits for the other for ever.
bool TakesTurns(const std::string& method) { return method != "Up"; }

// True: each request had its reply.
template <typename Call>
bool Converse(Call& call, bool in_turns, const Strings& requests, CallResult& result) {
  for (const std::string& request : requests) {
    if (!call.Write(RawMessage{request})) return false;
    if (!in_turns) continue;
    const std::optional<RawMessage> reply = call.Next();
    if (!reply.has_value()) return false;
    result.replies.push_back(reply->bytes);
  }
  return true;
}

CallResult Both(const RawClient& client, const std::string& method, const Strings& requests,
                CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  ClientReaderWriter<RawMessage, RawMessage> call = client.Bidirectional(Name(method), options);
  if (Converse(call, TakesTurns(method), requests, result)) call.WritesDone();
  ReadRest(call, result);
  return result;
}

// Of a method that takes turns, each request but the first is written when the reply to the one
// before has come.
CallResult BothAsync(const RawClient& client, const std::string& method, const Strings& requests,
                     CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  std::promise<absl::Status> promise;
  std::future<absl::Status> future = promise.get_future();
  const RawWriter call = client.BidirectionalAsync(
      Name(method), options,
      [&](const RawWriter& writer, RawMessage reply) {
        result.replies.push_back(std::move(reply.bytes));
        const std::size_t next = result.replies.size();
        if (next >= requests.size()) return writer.WritesDone();
        writer.Write(RawMessage{requests[next]}, nullptr);
      },
      [&promise](absl::Status status) { promise.set_value(std::move(status)); });
  if (TakesTurns(method)) {
    call.Write(First(requests), nullptr);
  } else {
    WriteFrom(call, requests, 0);
  }
  if (!Arrives(future)) std::abort();
  result.status = future.get();
  return result;
}

Task<CallResult> AwaitBoth(RawClient client, std::string method, Strings requests,
                           CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  ClientReaderWriter<RawMessage, RawMessage> call = client.Bidirectional(Name(method), options);
  bool going = true;
  for (std::size_t i = 0; going && i < requests.size(); ++i) {
    auto write = call.CoWrite(RawMessage{requests[i]});
    going = co_await write;
    if (!going) break;
    if (!TakesTurns(method)) continue;
    auto next = call.CoNext();
    std::optional<RawMessage> reply = co_await next;
    going = reply.has_value();
    if (going) result.replies.push_back(std::move(reply->bytes));
  }
  call.WritesDone();
  auto all = ReadAll(call, result);
  co_await all;
  co_return result;
}

// Messages, and then the response of a method that gives one.
void AddResponse(RawCall& call, const std::string& method, CallResult& result) {
  const RawMessage response = call.TakeResponse();
  const bool gives_one = method == "Unary" || method == "Up";
  if (!gives_one && !response.bytes.empty()) result.replies.push_back("a response of a stream");
  if (gives_one && result.status.ok()) result.replies.push_back(response.bytes);
}

CallResult OpenOne(const RawClient& client, const std::string& method, const Strings& requests,
                   CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  RawCall call = client.OpenWithRequest(Name(method), First(requests), options);
  if (call.Write(RawMessage{"one too many"})) result.replies.push_back("it was written");
  ReadRest(call, result);
  AddResponse(call, method, result);
  return result;
}

Task<CallResult> AwaitOpenOne(RawClient client, std::string method, Strings requests,
                              CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  RawCall call = client.OpenWithRequest(Name(method), First(requests), options);
  auto all = ReadAll(call, result);
  co_await all;
  AddResponse(call, method, result);
  co_return result;
}

CallResult OpenMany(const RawClient& client, const std::string& method, const Strings& requests,
                    CallOptions options) {
  CallResult result;
  options.trailers = &result.trailers;
  RawCall call = client.OpenWithStream(Name(method), options);
  if (Converse(call, TakesTurns(method), requests, result)) call.WritesDone();
  ReadRest(call, result);
  AddResponse(call, method, result);
  return result;
}

}  // namespace

const std::vector<NamedForm>& RawForms() {
  static const auto& forms = *new std::vector<NamedForm>{
      {"Unary", "Unary", &Unary},
      {"UnaryAsync", "Unary", &UnaryAsync},
      {"CoUnary", "Unary", &Await<AwaitUnary>},
      {"ServerStreaming", "Down", &Down},
      {"ServerStreamingAsync", "Down", &DownAsync},
      {"CoServerStreaming", "Down", &Await<AwaitDown>},
      {"ClientStreaming", "Up", &Up},
      {"ClientStreamingAsync", "Up", &UpAsync},
      {"CoClientStreaming", "Up", &Await<AwaitUp>},
      {"Bidirectional", "Both", &Both},
      {"BidirectionalAsync", "Both", &BothAsync},
      {"CoBidirectional", "Both", &Await<AwaitBoth>},
      {"OpenUnary", "Unary", &OpenOne},
      {"CoOpenUnary", "Unary", &Await<AwaitOpenOne>},
      {"OpenServerStreaming", "Down", &OpenOne},
      {"CoOpenServerStreaming", "Down", &Await<AwaitOpenOne>},
      {"OpenClientStreaming", "Up", &OpenMany},
      {"OpenBidirectional", "Both", &OpenMany},
  };
  return forms;
}

Strings ExpectedReplies(const std::string& method, const Strings& requests) {
  if (method == "Unary") return {requests[0]};
  if (method == "Down") return {requests[0], requests[0]};
  if (method == "Both") return requests;
  std::string all;
  for (const std::string& request : requests) all += request;
  return {all};
}

}  // namespace piperpc::testing
