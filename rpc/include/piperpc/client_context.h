// What middleware knows of a client's call.
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

// Lives from Before() to After() of the middleware, on one thread at a time.
class ClientContext {
 public:
  // "package.Service/Method".
  std::string_view method() const { return method_; }

  // What is sent along; it may be changed in Before().
  Metadata& metadata() { return metadata_; }

  // When the call ends with DEADLINE_EXCEEDED; time_point::max() for never.
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

  // In After(): the server that the call was sent to last. None when it was sent to nobody.
  const std::optional<Peer>& peer() const { return peer_; }

  // In After(): what came back behind the reply.
  const Metadata& trailers() const { return trailers_; }

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
  Metadata trailers_;
  CallValues values_;
};

}  // namespace piperpc
