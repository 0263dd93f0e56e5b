// Where a server listens or a channel connects, and over which transport.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "piperpc/endpoint.h"
#include "src/transport/transport.h"

namespace piperpc::transport {

struct Place {
  Endpoint endpoint;
  Transport* transport;
};

// Uses `given`, or, if that is null, the system's transport with that `backend`.
// INVALID_ARGUMENT: this system has no such backend, `endpoint` is not valid, or it is an abstract
// socket that is not allowed.
absl::StatusOr<Place> FindPlace(std::string_view endpoint, Transport* given,
                                std::string_view backend, bool allow_abstract);

}  // namespace piperpc::transport
