// The client's way to a server.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "piperpc/endpoint.h"
#include "src/transport/pipe.h"
#include "src/transport/transport.h"
#include "src/transport/win32/pipe_calls.h"

namespace piperpc::transport {

// Transport::Connect() for named pipes.
absl::StatusOr<std::unique_ptr<Pipe>> ConnectNamed(PipeCalls& calls, const Endpoint& endpoint,
                                                   const ConnectOptions& options);

}  // namespace piperpc::transport
