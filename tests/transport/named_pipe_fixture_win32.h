// A listener on a real named pipe, and the calls it makes.
#pragma once

#include "harness.h"
#include "piperpc/testing/endpoint.h"
#include "recording_calls_win32.h"
#include "src/transport/win32/transport.h"

namespace piperpc::transport {

class NamedPipeTest : public ::testing::Test {
 protected:
  NamedPipeTest() { loop_.Start(); }

  absl::Status TryListen(const ListenOptions& options = {}) {
    server_ = std::make_unique<Server>(transport_, loop_, endpoint_, options);
    return server_->status();
  }
  void Listen(const ListenOptions& options = {}) {
    const absl::Status status = TryListen(options);
    ASSERT_TRUE(status.ok()) << status;
  }

  absl::StatusOr<std::unique_ptr<Pipe>> TryConnect() {
    return transport_.Connect(endpoint_, {.deadline = Soon()});
  }
  std::unique_ptr<Pipe> Connect() {
    auto pipe = TryConnect();
    EXPECT_TRUE(pipe.ok()) << pipe.status();
    return *std::move(pipe);
  }

  RecordingCalls calls_;
  NamedPipeTransport transport_{calls_};
  LoopThread loop_{transport_};
  Endpoint endpoint_ = *Endpoint::Parse(piperpc::testing::UniqueEndpoint());
  std::unique_ptr<Server> server_;
};

}  // namespace piperpc::transport
