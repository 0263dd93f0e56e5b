// A real server over one of the transports of this system, for one case after the other.
#pragma once

#include <memory>
#include <string>

#include "conformance/node_service.h"
#include "piperpc/server.h"
#include "src/transport/transport.h"
#include "support/test_service.h"

namespace piperpc::conformance {

class LiveServer {
 public:
  // What one call may send; there is memory for just one such message.
  static constexpr std::size_t kMaxMessage = 256 * 1024;

  // Null: the system refuses the transport, and `reason` says why.
  static std::unique_ptr<LiveServer> Start(const std::string& transport, std::string& reason,
                                           void (*limit)(ServerOptions&) = nullptr);

  transport::Transport& transport() { return *transport_; }
  const std::string& endpoint() const { return endpoint_; }
  testing::TestService& service() { return service_; }
  ServerStats stats() const { return server_->stats(); }

 private:
  LiveServer(std::unique_ptr<transport::Transport> transport, void (*limit)(ServerOptions&));

  std::unique_ptr<transport::Transport> transport_;
  const std::string endpoint_;
  testing::TestService service_;
  NodeService nodes_;
  std::unique_ptr<Server> server_;
};

}  // namespace piperpc::conformance
