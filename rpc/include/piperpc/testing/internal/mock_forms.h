// What generated mocks are made with: every form of a call is answered by the mock of one of them.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "piperpc/client.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/task.h"

namespace piperpc::internal {

// A call that has ended.
class EndedCall final : public CallControl {
 public:
  void Cancel() override {}
};

// A channel with one stream, which has been opened.
class OpenedChannel final : public ChannelCore {
 public:
  explicit OpenedChannel(std::shared_ptr<ClientStream> stream) : stream_(std::move(stream)) {}

  absl::Status CallUnary(const ClientMethod&, const OutMessage&, const CallOptions&,
                         absl::FunctionRef<ParseResult(std::span<const char>)>) override {
    return absl::UnimplementedError("a mock has streams only");
  }
  std::shared_ptr<CallControl> StartUnary(const ClientMethod&, const OutMessage&,
                                          const CallOptions&, UnaryDone&&) override {
    return std::make_shared<EndedCall>();
  }
  std::shared_ptr<ClientStream> OpenStream(const ClientMethod&, const OutMessage*,
                                           const CallOptions&) override {
    return std::move(stream_);
  }

 private:
  std::shared_ptr<ClientStream> stream_;
};

// The stream of what a mock of a streaming method has returned.
template <typename Opened>
class StreamOf : public Opened {
 public:
  explicit StreamOf(Opened opened) : Opened(std::move(opened)) {}
  std::shared_ptr<ClientStream> Take() { return std::move(this->stream_); }
};

inline constexpr std::string_view kMockName = "mock.Service/Method";

// The coroutine form, answered by the blocking one when it is awaited.
template <typename Mock, typename Request, typename Response>
Task<absl::StatusOr<Response>> AwaitMock(
    Mock& mock, absl::StatusOr<Response> (Mock::*method)(const Request&, const CallOptions&),
    Request request, CallOptions options) {
  absl::StatusOr<Response> response = (mock.*method)(request, options);
  co_return response;
}

// The callback forms, answered by what the others have returned.

template <typename Response>
PendingCall TellMocked(absl::StatusOr<Response> response,
                       absl::AnyInvocable<void(absl::StatusOr<Response>)> on_done) {
  if (on_done) on_done(std::move(response));
  return PendingCall(std::make_shared<EndedCall>());
}

template <typename Response>
PendingCall TellMocked(ClientReader<Response> opened, absl::AnyInvocable<void(Response)> on_message,
                       absl::AnyInvocable<void(absl::Status)> on_done) {
  OpenedChannel channel(StreamOf<ClientReader<Response>>(std::move(opened)).Take());
  return ListenToStream<Response>(channel, {kMockName, MethodType::kServerStreaming}, RawMessage(),
                                  {}, std::move(on_message), std::move(on_done));
}

template <typename Request, typename Response>
AsyncWriter<Request> TellMocked(ClientWriter<Request, Response> opened,
                                absl::AnyInvocable<void(absl::StatusOr<Response>)> on_done) {
  OpenedChannel channel(StreamOf<ClientWriter<Request, Response>>(std::move(opened)).Take());
  return StartWriter<Request, Response>(channel, {kMockName, MethodType::kClientStreaming}, {},
                                        std::move(on_done));
}

template <typename Request, typename Response>
AsyncWriter<Request> TellMocked(ClientReaderWriter<Request, Response> opened,
                                StreamCallback<Request, Response> on_message,
                                absl::AnyInvocable<void(absl::Status)> on_done) {
  OpenedChannel channel(StreamOf<ClientReaderWriter<Request, Response>>(std::move(opened)).Take());
  return StartReaderWriter<Request, Response>(channel, {kMockName, MethodType::kBidirectional}, {},
                                              std::move(on_message), std::move(on_done));
}

}  // namespace piperpc::internal
