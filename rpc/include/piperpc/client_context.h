// What client middleware can find out about a call.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "piperpc/call_values.h"
#include "piperpc/metadata.h"
#include "piperpc/peer.h"

namespace piperpc {

namespace client {
class Call;
}

// Valid from Before() to After() of the middleware; used by one thread at a time.
class ClientContext {
 public:
  // "package.Service/Method".
  std::string_view method() const { return method_; }

  // The metadata that is sent with the request. Before() may change it.
  Metadata& metadata() { return metadata_; }

  // When the call ends with DEADLINE_EXCEEDED; time_point::max(): never.
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

  // In After(): the server that the call was sent to, the last one if it was retried; none when it
  // was not sent.
  const std::optional<Peer>& peer() const { return peer_; }

  // In After(): how many attempts the retry policy has made, 1 or more.
  int attempts() const { return attempts_; }

  // In After(): the metadata that the server sent after the reply.
  const Metadata& trailers() const { return trailers_; }

  // Values that middleware keeps for this call.
  CallValues& values() { return values_; }

 private:
  friend class client::Call;
  ClientContext(std::string_view method, const Metadata& metadata,
                std::chrono::steady_clock::time_point deadline)
      : method_(method), metadata_(metadata), deadline_(deadline) {}

  const std::string_view method_;
  Metadata metadata_;
  const std::chrono::steady_clock::time_point deadline_;
  std::optional<Peer> peer_;
  int attempts_ = 1;
  Metadata trailers_;
  CallValues values_;
};

}  // namespace piperpc
