// The server's half of the Hello.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "piperpc/server.h"
#include "src/wire/limits.h"

namespace piperpc::server {

// Its payload, ready to be sent: for all clients of a version it is the same.
class HelloPayloads {
 public:
  explicit HelloPayloads(const ServerOptions& options);

  // `version`: one of wire::ChooseVersion().
  const std::string& For(std::uint32_t version) const {
    return payloads_[version - wire::kMinVersion];
  }

 private:
  std::array<std::string, wire::kMaxVersion - wire::kMinVersion + 1> payloads_;
};

}  // namespace piperpc::server
