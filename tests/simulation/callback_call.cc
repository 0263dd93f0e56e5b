#include "simulation/callback_call.h"

#include <utility>

#include "simulation/message.h"
#include "simulation/simulated_services.h"

namespace piperpc::simulation {

RawMessage CallbackCall::Request(std::size_t index) const {
  return RawMessage(MakeMessage(plan_.id, Direction::kRequest, index, plan_.request_bytes));
}

void CallbackCall::Begin(const RawClient& client, const CallOptions& options) {
  const auto on_response = [this](const absl::StatusOr<RawMessage>& r) { OnResponse(r); };
  const auto on_end = [this](const absl::Status& status) { OnEnd(status); };
  switch (plan_.type) {
    case MethodType::kUnary:
      pending_ = client.UnaryAsync(SimulatedServices::kUnary, Request(0), options, on_response);
      return;
    case MethodType::kServerStreaming:
      pending_ = client.ServerStreamingAsync(
          SimulatedServices::kDown, Request(0), options,
          [this](const RawMessage& reply) { OnReply(reply); }, on_end);
      return;
    case MethodType::kClientStreaming:
      writer_ = client.ClientStreamingAsync(SimulatedServices::kUp, options, on_response);
      return Write(*writer_, 0);
    case MethodType::kBidirectional:
      writer_ = client.BidirectionalAsync(
          SimulatedServices::kBoth, options,
          [this](const Writer&, const RawMessage& reply) { OnReply(reply); }, on_end);
      return Write(*writer_, 0);
  }
}

// One after the other.
void CallbackCall::Write(const Writer& writer, std::size_t index) {
  if (index == plan_.requests) return writer.WritesDone();
  writer.Write(Request(index), [this, writer, index](const absl::Status& status) {
    ledger_.OnWritten(plan_.id);
    if (status.ok()) Write(writer, index + 1);
  });
}

void CallbackCall::OnResponse(const absl::StatusOr<RawMessage>& response) {
  if (response.ok()) OnReply(*response);
  OnEnd(response.status());
}

void CallbackCall::Cancel() {
  if (pending_.has_value()) pending_->Cancel();
  if (writer_.has_value()) writer_->Cancel();
}

}  // namespace piperpc::simulation
