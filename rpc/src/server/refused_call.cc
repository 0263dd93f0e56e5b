#include "src/server/refused_call.h"

#include <utility>

#include "src/server/session.h"
#include "src/wire/metadata.h"

namespace piperpc::server {

RefusedCall::RefusedCall(Session& session, const wire::FrameHeader& header, TimePoint deadline)
    : session_(session), id_(header.call_id), method_(header.method), deadline_(deadline) {
  if (header.metadata.size() > session.core().options.max_metadata_bytes) return;
  auto decoded = wire::DecodeMetadata(header.metadata);
  if (decoded.ok()) metadata_ = *std::move(decoded);
}

void RefusedCall::End(absl::Status refusal) {
  absl::Status status = chain_.Before(session_.core(), *this);
  status.Update(refusal);
  const auto trailers = wire::EncodeMetadata(trailers_, session_.peer_hello().max_metadata_bytes);
  session_.SendResponse(id_, status, trailers.ok() ? *trailers : std::string(), nullptr);
  chain_.After(session_.core(), *this, status);
}

const Peer& RefusedCall::peer() const { return session_.peer(); }

SessionState& RefusedCall::session() { return session_.state(); }

void RefusedCall::AddTrailer(std::string_view key, std::string_view value) {
  trailers_.emplace_back(key, value);
}

Executor& RefusedCall::executor() { return session_.executor(); }

WorkerPool& RefusedCall::workers() { return session_.workers(); }

}  // namespace piperpc::server
