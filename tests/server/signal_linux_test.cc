// A program that ends its server at a signal.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"

namespace piperpc::testing {
namespace {

TEST(Signals, BlockedBeforeTheStartReachTheThreadThatWaitsForThem) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const std::string endpoint = UniqueEndpoint();
  Server server;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const absl::Status started = server.Start(endpoint);
  ASSERT_TRUE(started.ok()) << started;
  ::kill(::getpid(), SIGTERM);  // Goes to any thread of the process that does not block it.
  std::jthread at_signal([&] {
    int number = 0;
    sigwait(&signals, &number);
    server.Shutdown(std::chrono::seconds(5));
  });
  const absl::Status ended = server.Wait();
  EXPECT_TRUE(ended.ok()) << ended;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace piperpc::testing
