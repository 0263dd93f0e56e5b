#include "src/transport/place.h"

#include <utility>

namespace piperpc::transport {

absl::StatusOr<Place> FindPlace(std::string_view endpoint, Transport* given,
                                std::string_view backend) {
  absl::StatusOr<Transport*> transport = given;
  if (given == nullptr) transport = SystemTransport(backend);
  if (!transport.ok()) return transport.status();
  auto parsed = (*transport)->ParseEndpoint(endpoint);
  if (!parsed.ok()) return parsed.status();
  return Place{*std::move(parsed), *transport};
}

}  // namespace piperpc::transport
