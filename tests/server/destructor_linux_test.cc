// What cannot be done, and cannot be refused either, ends the process with a reason.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "piperpc/raw_service.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/transport/transport.h"
#include "support/test_service.h"
#include "support/wire_client.h"

namespace piperpc::testing {
namespace {

transport::Transport& System() { return **transport::SystemTransport("auto"); }

// Serves until a handler does `destroy`, on the loop that it runs on.
void DestroyInAHandler(absl::AnyInvocable<void(std::unique_ptr<Server>&)> destroy) {
  std::unique_ptr<Server> server;
  RawService service("s.S");
  service.AddUnary("Destroy", [&](ServerContext&, RawMessage) -> Task<RawResult> {
    destroy(server);
    co_return RawMessage{};
  });
  const std::string endpoint = UniqueEndpoint();
  server = std::make_unique<Server>();
  if (!server->AddService(service).ok() || !server->Start(endpoint).ok()) return;
  WireClient client(System(), endpoint);
  client.Send({EncodedHello(), EncodedRequest(1, "s.S/Destroy", "")});
  client.NextAfterHello();
}

void DestroyItself() {
  DestroyInAHandler([](std::unique_ptr<Server>& server) { server.reset(); });
}

void DestroyAnotherOne() {
  auto other = std::make_unique<Server>();
  if (!other->Start(UniqueEndpoint()).ok()) return;
  DestroyInAHandler([&other](std::unique_ptr<Server>&) { other.reset(); });
}

// The log hook runs before Start() and Shutdown() have returned.
void DestroyInTheLogHook(std::string_view event) {
  std::unique_ptr<Server> server;
  ServerOptions options;
  options.max_connections = 1'000'000'000;  // More than there can be: that is logged at once.
  options.max_connections_per_user = 1'000'000'000;
  options.log = [&](const LogRecord& record) {
    if (record.event == event) server.reset();
  };
  server = std::make_unique<Server>(std::move(options));
  server->Start(UniqueEndpoint()).IgnoreError();
  server->Shutdown(std::chrono::milliseconds(0));
}

class ServerDestructorDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ServerDestructorDeathTest, OnAThreadOfTheServersOwnSaysSo) {
  EXPECT_DEATH(DestroyItself(), "~Server.* on a thread of the server");
}

TEST_F(ServerDestructorDeathTest, OnTheThreadOfAnotherLoopSaysSo) {
  EXPECT_DEATH(DestroyAnotherOne(), "~Server.* on the thread of an event loop");
}

TEST_F(ServerDestructorDeathTest, InTheLogHookOfItsStartOrEndSaysSo) {
  for (const char* event : {"connections limited", "listening", "stopped"}) {
    EXPECT_DEATH(DestroyInTheLogHook(event), "~Server.* Start") << event;
  }
}

}  // namespace
}  // namespace piperpc::testing
