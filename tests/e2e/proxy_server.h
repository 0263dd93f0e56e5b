// A server that passes all calls on to another one: examples/proxy, in this process.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "proxy/proxy.h"
#include "src/transport/transport.h"

namespace piperpc::testing {

class ProxyServer {
 public:
  ProxyServer(transport::Transport& transport, const std::string& to)
      : service_(NewProxy(to, {.transport = &transport})), server_({.transport = &transport}) {
    EXPECT_TRUE(server_.AddCatchAll(*service_).ok());
    const absl::Status status = server_.Start(endpoint_);
    EXPECT_TRUE(status.ok()) << status;
  }

  const std::string& endpoint() const { return endpoint_; }
  Server& server() { return server_; }

 private:
  const std::string endpoint_ = UniqueEndpoint();
  const std::unique_ptr<CatchAllService> service_;
  Server server_;  // Ends before the service.
};

}  // namespace piperpc::testing
