#include "src/server/hello.h"

#include "src/wire/control.h"

namespace piperpc::server {
namespace {

constexpr char kImplementation[] = "piperpc-cpp/" PIPERPC_VERSION;

wire::Hello OurHello(const ServerOptions& options, std::uint32_t version) {
  return {.min_version = version,
          .max_version = version,
          .max_packet_bytes = static_cast<std::uint32_t>(options.max_packet_bytes),
          .max_message_bytes = options.max_message_bytes,
          .max_calls = static_cast<std::uint32_t>(options.max_calls_per_connection),
          .max_metadata_bytes = static_cast<std::uint32_t>(options.max_metadata_bytes),
          .initial_credit = options.stream_credit_bytes,
          .implementation = kImplementation};
}

}  // namespace

HelloPayloads::HelloPayloads(const ServerOptions& options) {
  std::uint32_t version = wire::kMinVersion;
  for (std::string& payload : payloads_) payload = wire::EncodeHello(OurHello(options, version++));
}

}  // namespace piperpc::server
