// A call that no handler will see, as middleware sees it.
#pragma once

#include <stop_token>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/call_values.h"
#include "piperpc/metadata.h"
#include "piperpc/server_context.h"
#include "src/base/clock.h"
#include "src/server/middleware_chain.h"
#include "src/wire/frame.h"

namespace piperpc::server {

class CallConnection;

class RefusedCall final : private ServerContext {
 public:
  // Metadata that is damaged or above the limit, or that there is no memory for, is not shown.
  // `started`, `timeout`: as for a Call.
  RefusedCall(CallConnection& connection, const wire::FrameHeader& header, base::TimePoint started,
              base::Duration timeout);

  // Asks the middleware, and answers the call: with `refusal`, or what a Before() refuses it with.
  void End(absl::Status refusal);

 private:
  void Respond(absl::Status& status);

  std::string_view method() const override { return method_; }
  const Peer& peer() const override;
  const Metadata& metadata() const override { return metadata_; }
  base::TimePoint deadline() const override { return deadline_; }
  base::TimePoint started() const override { return started_; }
  CallTraffic traffic() const override { return {}; }
  std::stop_token stop_token() override { return {}; }
  std::stop_token drain_token() override { return {}; }
  void Stop(absl::Status) override {}
  CallValues& values() override { return values_; }
  SessionState& session() override;
  void AddTrailer(std::string_view key, std::string_view value) override;
  Executor& executor() override;
  WorkerPool& workers() override;

  CallConnection& connection_;
  const std::uint64_t id_;
  const std::string_view method_;
  const base::TimePoint started_;
  const base::TimePoint deadline_;
  Metadata metadata_;
  Metadata trailers_;
  CallValues values_;
  MiddlewareChain chain_;
};

}  // namespace piperpc::server
