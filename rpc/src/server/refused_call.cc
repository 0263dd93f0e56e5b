#include "src/server/refused_call.h"

#include <utility>

#include "src/server/connection.h"
#include "src/wire/metadata.h"

namespace piperpc::server {

RefusedCall::RefusedCall(Connection& connection, const wire::FrameHeader& header,
                         TimePoint deadline)
    : connection_(connection), id_(header.call_id), method_(header.method), deadline_(deadline) {
  if (header.metadata.size() > connection.core().options.max_metadata_bytes) return;
  auto decoded = wire::DecodeMetadata(header.metadata);
  if (decoded.ok()) metadata_ = *std::move(decoded);
}

void RefusedCall::End(absl::Status refusal) {
  absl::Status status = chain_.Before(connection_.core(), *this);
  status.Update(refusal);
  const auto trailers =
      wire::EncodeMetadata(trailers_, connection_.peer_hello().max_metadata_bytes);
  connection_.SendResponse(id_, status, trailers.ok() ? *trailers : std::string(), nullptr);
  chain_.After(connection_.core(), *this, status);
}

const Peer& RefusedCall::peer() const { return connection_.peer(); }

SessionState& RefusedCall::session() { return connection_.state(); }

void RefusedCall::AddTrailer(std::string_view key, std::string_view value) {
  trailers_.emplace_back(key, value);
}

Executor& RefusedCall::executor() { return connection_.executor(); }

WorkerPool& RefusedCall::workers() { return connection_.workers(); }

}  // namespace piperpc::server
