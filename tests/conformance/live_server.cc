#include "conformance/live_server.h"

#include <gtest/gtest.h>

#include <utility>

#include "piperpc/testing/endpoint.h"
#include "transport/harness.h"

namespace piperpc::conformance {

std::unique_ptr<LiveServer> LiveServer::Start(const std::string& transport, std::string& reason,
                                              void (*limit)(ServerOptions&)) {
  auto made = transport::NewTransport(transport, reason);
  if (made == nullptr) return nullptr;
  return std::unique_ptr<LiveServer>(new LiveServer(std::move(made), limit));
}

LiveServer::LiveServer(std::unique_ptr<transport::Transport> transport,
                       void (*limit)(ServerOptions&))
    : transport_(std::move(transport)), endpoint_(testing::UniqueEndpoint()) {
  ServerOptions options{.max_message_bytes = kMaxMessage,
                        .parse_budget_bytes = kMaxMessage,
                        .transport = transport_.get()};
  if (limit != nullptr) limit(options);
  server_ = std::make_unique<Server>(std::move(options));
  EXPECT_TRUE(server_->AddService(service_.service()).ok());
  EXPECT_TRUE(server_->AddService(nodes_).ok());
  const absl::Status status = server_->Start(endpoint_);
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace piperpc::conformance
