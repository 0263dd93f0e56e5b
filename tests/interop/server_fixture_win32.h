// A real piperpcd for each test, in a process of its own, and the proof that it has survived.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "interop/child_win32.h"
#include "interop/raw_pipe_win32.h"
#include "piperpc/channel.h"
#include "piperpc/v1/health.piperpc.h"

namespace piperpc::interop {

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { StartServer({}); }

  // In place of the one that runs.
  void StartServer(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"--endpoint", name_, "--memory", "--stop-word", "fim"});
    server_.reset();
    server_ = std::make_unique<Child>(PIPERPCD_PROGRAM, flags);
    ASSERT_EQ(server_->NextLine(), "READY " + name_);
  }

  // The server lives: an ordinary client is served, and the word ends it in order.
  void TearDown() override {
    ExpectNextClientIsServed();
    server_->Write("fim\n");
    EXPECT_EQ(server_->Wait(), 0u);
  }

  void ExpectNextClientIsServed() {
    v1::HealthClient client(Connect(name_));
    const auto reply = client.Check({}, {.timeout = std::chrono::seconds(2)});
    EXPECT_TRUE(reply.ok()) << reply.status();
  }

  const std::string name_ = UniquePipeName();
  std::unique_ptr<Child> server_;
};

}  // namespace piperpc::interop
