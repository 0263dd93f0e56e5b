// The fields of the server's log records.
#pragma once

#include "piperpc/log.h"
#include "piperpc/peer.h"

namespace piperpc::server {

using LogFields = decltype(LogRecord::fields);

// Who it is about, and `more`.
LogFields WithPeer(const Peer& peer, LogFields more);

}  // namespace piperpc::server
