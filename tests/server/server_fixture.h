// A server with the test service, at an endpoint of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/transport/transport.h"
#include "support/test_service.h"
#include "support/wire_client.h"

namespace piperpc::testing {

class ServerFixture : public ::testing::Test {
 protected:
  // With the test service, and with `more`.
  void Start(ServerOptions options = {}, std::initializer_list<Service*> more = {}) {
    options.transport = &transport();
    server_ = std::make_unique<Server>(std::move(options));
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    for (Service* service : more) ASSERT_TRUE(server_->AddService(*service).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
  }

  WireClient Connect() { return WireClient(transport(), endpoint_); }

  // The system's best, or the one that the environment asks for.
  transport::Transport& transport() {
    static transport::Transport* const system = *transport::SystemTransport(Backend());
    return *system;
  }

  static std::string_view Backend() {
    const char* const asked = std::getenv("PIPERPC_TEST_BACKEND");
    return asked == nullptr ? "auto" : asked;
  }

  TestService service_;
  const std::string endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> server_;  // Ends before the service.
};

}  // namespace piperpc::testing
