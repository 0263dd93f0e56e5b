// What a call sees of its connection.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "piperpc/internal/codec.h"
#include "src/client/channel_mutex.h"
#include "src/client/errors.h"
#include "src/connection/connection_base.h"
#include "src/wire/frame.h"

namespace piperpc::client {

class Call;

// All of it needs the channel's lock, what it is of connection::ConnectionBase included.
class CallConnection : public connection::ConnectionBase {
 public:
  // Forgets a call that ends on this side, and tells the server if that knows of it.
  virtual void Abandon(Call& call) CHANNEL_LOCKED = 0;

  // The thread that is blocked in `call` reads the connection at the moment.
  virtual bool IsReadBy(const Call& call) const CHANNEL_LOCKED = 0;

  // Throws std::bad_alloc.
  virtual void SendMessage(std::uint64_t call_id,
                           const internal::OutMessage& message) CHANNEL_LOCKED = 0;

  // RESOURCE_EXHAUSTED: the server does not take a message of this size.
  absl::Status CheckSize(std::size_t message_size) const {
    if (peer_limits().Takes(message_size)) return absl::OkStatus();
    return AboveServersLimit("message", message_size, peer_limits().max_message_bytes,
                             "max_message_bytes");
  }

 protected:
  using connection::ConnectionBase::ConnectionBase;
  ~CallConnection() = default;
};

}  // namespace piperpc::client
