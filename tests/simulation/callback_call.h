// A call that nobody blocks in, from its beginning to its end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "piperpc/client.h"
#include "piperpc/raw_client.h"
#include "simulation/ledger.h"

namespace piperpc::simulation {

class CallbackCall {
 public:
  // The ledger outlives it, and it outlives the call's end.
  CallbackCall(Ledger& ledger, const CallPlan& plan) : ledger_(ledger), plan_(plan) {}
  CallbackCall(const CallbackCall&) = delete;
  CallbackCall& operator=(const CallbackCall&) = delete;

  void Begin(const RawClient& client, const CallOptions& options);
  void Cancel();

 private:
  using Writer = AsyncWriter<RawMessage>;

  RawMessage Request(std::size_t index) const;
  void Write(const Writer& writer, std::size_t index);
  void OnReply(const RawMessage& reply) { ledger_.OnReply(plan_.id, reply.bytes); }
  void OnEnd(const absl::Status& status) { ledger_.OnEnd(plan_.id, status); }
  void OnResponse(const absl::StatusOr<RawMessage>& response);

  Ledger& ledger_;
  const CallPlan plan_;
  std::optional<PendingCall> pending_;
  std::optional<Writer> writer_;
};

}  // namespace piperpc::simulation
