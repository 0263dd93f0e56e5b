// Transport::Over() for sockets.
#pragma once

#include <memory>
#include <vector>

#include "piperpc/open_socket.h"
#include "src/transport/transport.h"

namespace piperpc::transport {

// The loops of `base`, which outlives it, and these sockets.
std::shared_ptr<Transport> NewOpenSocketTransport(Transport& base, std::vector<OpenSocket> sockets);

}  // namespace piperpc::transport
