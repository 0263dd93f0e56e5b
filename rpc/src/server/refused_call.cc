#include "src/server/refused_call.h"

#include <utility>

#include "src/base/memory.h"
#include "src/server/call_connection.h"
#include "src/server/reply.h"
#include "src/wire/metadata.h"

namespace piperpc::server {

RefusedCall::RefusedCall(CallConnection& connection, const wire::FrameHeader& header,
                         base::TimePoint started, base::Duration timeout)
    : connection_(connection),
      id_(header.call_id),
      method_(header.method),
      started_(started),
      deadline_(base::After(timeout, started)) {
  if (header.metadata.size() > connection.core().options.max_metadata_bytes) return;
  base::RunInMemory(
      [&] {
        auto decoded = wire::DecodeMetadata(header.metadata);
        if (decoded.ok()) metadata_ = *std::move(decoded);
      },
      [&] { connection.LogNoMemory(method_, "metadata", header.metadata.size()); });
}

void RefusedCall::End(absl::Status refusal) {
  absl::Status status = chain_.Before(connection_.core(), *this);
  status.Update(refusal);
  base::RunInMemory([&] { Respond(status); },
                    [&] {
                      connection_.LogNoMemory(method_, "trailers");
                      connection_.SendStatusOrClose(id_, status);
                    });
  chain_.After(connection_.core(), *this, status);
}

// It fails already, so invalid trailers change only the log.
void RefusedCall::Respond(absl::Status& status) {
  std::string trailers;
  const absl::Status wrong = EncodeTrailers(connection_.core(), *this, trailers_,
                                            connection_.peer_limits().max_metadata_bytes, trailers);
  if (!wrong.ok()) trailers.clear();
  LogIfCut(connection_.core(), *this, status);
  connection_.SendResponse(id_, status, trailers, nullptr);
}

const Peer& RefusedCall::peer() const { return connection_.peer(); }

SessionState& RefusedCall::session() { return connection_.session(); }

void RefusedCall::AddTrailer(std::string_view key, std::string_view value) {
  trailers_.emplace_back(key, value);
}

Executor& RefusedCall::executor() { return connection_.executor(); }

WorkerPool& RefusedCall::workers() { return connection_.workers(); }

}  // namespace piperpc::server
