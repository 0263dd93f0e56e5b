#include "src/server/hello.h"

#include "src/connection/hello.h"

namespace piperpc::server {
namespace {

wire::Hello HelloFor(const ServerOptions& options, std::uint32_t version) {
  wire::Hello hello = connection::HelloOf(options);
  hello.min_version = hello.max_version = version;
  hello.max_calls = static_cast<std::uint32_t>(options.max_calls_per_connection);
  return hello;
}

}  // namespace

HelloPayloads::HelloPayloads(const ServerOptions& options) {
  std::uint32_t version = wire::kMinVersion;
  for (std::string& payload : payloads_) payload = wire::EncodeHello(HelloFor(options, version++));
}

}  // namespace piperpc::server
