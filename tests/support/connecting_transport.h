// A transport for a test that has loops and servers of its own: a client connects by it, and that
// is all.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "src/transport/transport.h"

namespace piperpc::testing {

class ConnectingTransport : public transport::Transport {
 public:
  absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) const final {
    return Endpoint::InProcess(text);
  }
  absl::StatusOr<std::unique_ptr<transport::EventLoop>> NewLoop() final {
    return absl::UnimplementedError("the test has its loops");
  }
  absl::StatusOr<std::unique_ptr<transport::Listener>> Listen(
      transport::EventLoop&, const Endpoint&, const transport::ListenOptions&,
      transport::Listener::Delegate&) final {
    return absl::UnimplementedError("the test has its servers");
  }
};

}  // namespace piperpc::testing
