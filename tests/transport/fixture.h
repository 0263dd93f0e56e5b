// The fixture of the behaviour suite: one instance for each transport of this system.
#pragma once

#include "each_transport.h"
#include "harness.h"

namespace piperpc::transport {

class TransportTest : public EachTransport {
 protected:
  void Begin() override {
    server_loop_ = std::make_unique<LoopThread>(*transport_);
    client_loop_ = std::make_unique<LoopThread>(*transport_);
    server_loop_->Start();
    client_loop_->Start();
  }

  void Listen(const ListenOptions& options = {}) {
    server_ = std::make_unique<Server>(*transport_, *server_loop_, endpoint_, options);
    ASSERT_TRUE(server_->status().ok()) << server_->status();
  }

  absl::StatusOr<std::unique_ptr<Pipe>> TryConnect(base::TimePoint deadline = Soon()) {
    return transport_->Connect(endpoint_, {.deadline = deadline});
  }

  std::unique_ptr<Pipe> Connect() {
    auto pipe = TryConnect();
    EXPECT_TRUE(pipe.ok()) << pipe.status();
    return *std::move(pipe);
  }

  // Both ends of a new connection, detached. The server closes first.
  struct Ends {
    std::unique_ptr<End> client;
    std::unique_ptr<End> server;
  };
  Ends NewEnds() {
    if (server_ == nullptr) Listen();
    Ends ends;
    ends.client = std::make_unique<End>(Connect());
    ends.server = std::make_unique<End>(server_->acceptor().WaitPipe());
    return ends;
  }
  Ends NewAttachedEnds() {
    Ends ends = NewEnds();
    ends.client->Attach(*client_loop_);
    ends.server->Attach(*server_loop_);
    return ends;
  }

  ScratchFolder folder_;
  const Endpoint endpoint_ = folder_.endpoint();
  std::unique_ptr<LoopThread> server_loop_;
  std::unique_ptr<LoopThread> client_loop_;
  std::unique_ptr<Server> server_;
};

std::vector<std::string> TransportNames();  // Of this system; one file per platform.

}  // namespace piperpc::transport

#define PIPERPC_FOR_EACH_TRANSPORT(suite)                                    \
  INSTANTIATE_TEST_SUITE_P(On, suite, ::testing::ValuesIn(TransportNames()), \
                           [](const auto& test) { return test.param; })
