// The client's way to a server.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "piperpc/endpoint.h"
#include "src/transport/pipe.h"
#include "src/transport/transport.h"

namespace piperpc::transport {

// Transport::Connect() for sockets.
absl::StatusOr<std::unique_ptr<Pipe>> ConnectSocket(const Endpoint& endpoint,
                                                    const ConnectOptions& options);

}  // namespace piperpc::transport
