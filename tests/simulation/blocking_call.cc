#include "simulation/blocking_call.h"

#include <optional>

#include "simulation/message.h"
#include "simulation/simulated_services.h"

namespace piperpc::simulation {
namespace {

RawMessage RequestOf(const CallPlan& plan, std::size_t index) {
  return RawMessage(MakeMessage(plan.id, Direction::kRequest, index, plan.request_bytes));
}

absl::Status Take(Ledger& ledger, const CallPlan& plan,
                  const absl::StatusOr<RawMessage>& response) {
  if (response.ok()) ledger.OnReply(plan.id, response->bytes);
  return response.status();
}

absl::Status Upload(const RawClient& client, Ledger& ledger, const CallPlan& plan,
                    const CallOptions& options) {
  auto call = client.ClientStreaming(SimulatedServices::kUp, options);
  for (std::size_t i = 0; i < plan.requests; ++i) {
    if (!call.Write(RequestOf(plan, i))) break;
  }
  return Take(ledger, plan, call.Finish());
}

absl::Status Download(const RawClient& client, Ledger& ledger, const CallPlan& plan,
                      const CallOptions& options) {
  auto call = client.ServerStreaming(SimulatedServices::kDown, RequestOf(plan, 0), options);
  while (std::optional<RawMessage> reply = call.Next()) ledger.OnReply(plan.id, reply->bytes);
  return call.status();
}

// One request, one reply, and so on.
absl::Status Talk(const RawClient& client, Ledger& ledger, const CallPlan& plan,
                  const CallOptions& options) {
  auto call = client.Bidirectional(SimulatedServices::kBoth, options);
  for (std::size_t i = 0; i < plan.requests; ++i) {
    if (!call.Write(RequestOf(plan, i))) break;
    const std::optional<RawMessage> reply = call.Next();
    if (!reply.has_value()) break;
    ledger.OnReply(plan.id, reply->bytes);
  }
  call.WritesDone();
  while (std::optional<RawMessage> reply = call.Next()) ledger.OnReply(plan.id, reply->bytes);
  return call.status();
}

absl::Status Run(const RawClient& client, Ledger& ledger, const CallPlan& plan,
                 const CallOptions& options) {
  switch (plan.type) {
    case MethodType::kUnary:
      return Take(ledger, plan,
                  client.Unary(SimulatedServices::kUnary, RequestOf(plan, 0), options));
    case MethodType::kServerStreaming:
      return Download(client, ledger, plan, options);
    case MethodType::kClientStreaming:
      return Upload(client, ledger, plan, options);
    default:
      return Talk(client, ledger, plan, options);
  }
}

}  // namespace

void RunBlockingCall(const RawClient& client, Ledger& ledger, const CallPlan& plan,
                     const CallOptions& options) {
  ledger.OnEnd(plan.id, Run(client, ledger, plan, options));
}

}  // namespace piperpc::simulation
