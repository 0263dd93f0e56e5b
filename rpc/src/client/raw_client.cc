#include "piperpc/raw_client.h"

#include "piperpc/internal/stubs.h"

namespace piperpc {
namespace {

using internal::ClientMethod;
using internal::OutMessage;

// Of a call that goes on when its function has returned.
ClientMethod Lasting(std::string_view name, MethodType type) {
  return {.name = name, .type = type, .copy_name = true};
}

ClientMethod WithAnyReply(std::string_view name, MethodType type) {
  return {.name = name, .type = type, .copy_name = true, .any_reply = true};
}

// The frame holds what the call is begun with, which is when it is awaited.
Task<absl::StatusOr<RawMessage>> RunUnary(std::shared_ptr<Channel> channel, std::string method,
                                          RawMessage request, CallOptions options) {
  auto call = internal::CoUnary<RawMessage>(std::move(channel), Lasting(method, MethodType::kUnary),
                                            std::move(request), std::move(options));
  absl::StatusOr<RawMessage> reply = co_await call;
  co_return reply;
}

}  // namespace

absl::StatusOr<RawMessage> RawClient::Unary(std::string_view method, const RawMessage& request,
                                            const CallOptions& options) const {
  const ClientMethod unary{.name = method, .type = MethodType::kUnary};
  return internal::CallUnary<RawMessage>(*channel_, unary, request, options);
}

PendingCall RawClient::UnaryAsync(
    std::string_view method, const RawMessage& request, const CallOptions& options,
    absl::AnyInvocable<void(absl::StatusOr<RawMessage>)> on_done) const {
  return internal::StartUnary<RawMessage>(*channel_, Lasting(method, MethodType::kUnary), request,
                                          options, std::move(on_done));
}

Task<absl::StatusOr<RawMessage>> RawClient::CoUnary(std::string method, RawMessage request) const {
  return CoUnary(std::move(method), std::move(request), {});
}

CallTask<RawMessage> RawClient::CoUnary(std::string method, RawMessage request,
                                        CallOptions options) const {
  return RunUnary(channel_, std::move(method), std::move(request), std::move(options));
}

ClientReader<RawMessage> RawClient::ServerStreaming(std::string_view method,
                                                    const RawMessage& request,
                                                    const CallOptions& options) const {
  return internal::OpenReader<RawMessage>(*channel_, Lasting(method, MethodType::kServerStreaming),
                                          request, options);
}

PendingCall RawClient::ServerStreamingAsync(std::string_view method, const RawMessage& request,
                                            const CallOptions& options,
                                            absl::AnyInvocable<void(RawMessage)> on_message,
                                            absl::AnyInvocable<void(absl::Status)> on_done) const {
  return internal::ListenToStream<RawMessage>(
      *channel_, Lasting(method, MethodType::kServerStreaming), request, options,
      std::move(on_message), std::move(on_done));
}

ClientWriter<RawMessage, RawMessage> RawClient::ClientStreaming(std::string_view method,
                                                                const CallOptions& options) const {
  return internal::OpenWriter<RawMessage, RawMessage>(
      *channel_, Lasting(method, MethodType::kClientStreaming), options);
}

AsyncWriter<RawMessage> RawClient::ClientStreamingAsync(
    std::string_view method, const CallOptions& options,
    absl::AnyInvocable<void(absl::StatusOr<RawMessage>)> on_done) const {
  return internal::StartWriter<RawMessage>(*channel_, Lasting(method, MethodType::kClientStreaming),
                                           options, std::move(on_done));
}

ClientReaderWriter<RawMessage, RawMessage> RawClient::Bidirectional(
    std::string_view method, const CallOptions& options) const {
  return internal::OpenReaderWriter<RawMessage, RawMessage>(
      *channel_, Lasting(method, MethodType::kBidirectional), options);
}

AsyncWriter<RawMessage> RawClient::BidirectionalAsync(
    std::string_view method, const CallOptions& options,
    absl::AnyInvocable<void(const AsyncWriter<RawMessage>&, RawMessage)> on_message,
    absl::AnyInvocable<void(absl::Status)> on_done) const {
  return internal::StartReaderWriter<RawMessage>(
      *channel_, Lasting(method, MethodType::kBidirectional), options, std::move(on_message),
      std::move(on_done));
}

RawCall RawClient::OpenWithRequest(std::string_view method, const RawMessage& request,
                                   const CallOptions& options) const {
  const OutMessage message = OutMessage::Of(request);
  RawCall call(
      channel_->OpenStream(WithAnyReply(method, MethodType::kServerStreaming), &message, options));
  call.WritesDone();  // It takes no further request.
  return call;
}

RawCall RawClient::OpenWithStream(std::string_view method, const CallOptions& options) const {
  return RawCall(
      channel_->OpenStream(WithAnyReply(method, MethodType::kBidirectional), nullptr, options));
}

}  // namespace piperpc
