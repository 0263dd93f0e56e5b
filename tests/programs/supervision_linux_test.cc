// What piperpcd's watchdog proves to a service manager.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "piperpc/client.h"
#include "piperpc/internal/stubs.h"
#include "src/transport/linux/socket.h"
#include "src/transport/linux/unique_fd.h"
#include "support/endpoints.h"
#include "support/eventually.h"
#include "support/loop_blocker.h"
#include "support/scratch_folder.h"
#include "support/test_service.h"
#include "tools/piperpcd/supervision.h"

namespace piperpc::daemon {
namespace {

using ::piperpc::testing::Arrives;
using ::piperpc::testing::Eventually;
using transport::UniqueFd;

class WatchdogTest : public ::testing::Test {
 protected:
  WatchdogTest() {
    const std::string path = folder_.File("news");
    const sockaddr_un address = transport::SocketAddress(path);
    EXPECT_EQ(::bind(news_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "20000", 1);
  }

  // Empty: there is none.
  std::string NextNews() const {
    std::array<char, 64> text = {};
    const ssize_t size = ::recv(news_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }
  void DropNews() const {
    while (!NextNews().empty()) {
    }
  }

  const testing::ScratchFolder folder_;
  const UniqueFd news_{::socket(AF_UNIX, SOCK_DGRAM, 0)};
  const std::string endpoint_ = testing::UniqueEndpoint();
};

TEST_F(WatchdogTest, IsSilentWhileALoopIsBlocked) {
  const auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  testing::TestService service;
  const auto blocker = std::make_shared<testing::LoopBlocker>();
  Server server({.middleware = {blocker}});
  ASSERT_TRUE(server.AddService(service.service()).ok());
  ASSERT_TRUE(server.Start(endpoint_).ok());

  std::atomic<bool> blocked = false;  // Before, a machine that is busy may cause some trouble.
  std::atomic<int> troubles = 0;
  std::atomic<int> told_between = 0;
  const auto watchdog = Watchdog::Start(*manager, server, [&](const absl::Status& trouble) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(trouble)) << trouble;
    if (!blocked) return;
    if (troubles == 0) DropNews();  // Of before.
    if (!NextNews().empty()) ++told_between;
    ++troubles;
  });
  ASSERT_TRUE(watchdog.ok()) << watchdog.status();
  EXPECT_TRUE(Eventually([&] { return NextNews() == "WATCHDOG=1"; }));

  std::thread caller([&] {
    const internal::ClientMethod echo{"test.v1.Test/Echo", MethodType::kUnary};
    const auto reply =
        internal::CallUnary<RawMessage>(*Connect(endpoint_), echo, RawMessage{"a"}, CallOptions());
    EXPECT_TRUE(reply.ok()) << reply.status();
  });
  EXPECT_TRUE(Arrives(blocker->entered.get_future()));
  blocked = true;
  EXPECT_TRUE(Eventually([&] { return troubles >= 3; }));
  EXPECT_EQ(told_between, 0);
  blocked = false;
  blocker->go_on.set_value();
  caller.join();
  EXPECT_TRUE(Eventually([&] { return NextNews() == "WATCHDOG=1"; }));
}

TEST_F(WatchdogTest, IsNotThereWhereNobodyWantsIt) {
  ::unsetenv("WATCHDOG_USEC");
  const auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  Server server;
  const auto watchdog = Watchdog::Start(*manager, server, [](const absl::Status&) {});
  ASSERT_TRUE(watchdog.ok()) << watchdog.status();
  EXPECT_EQ(*watchdog, nullptr);
}

}  // namespace
}  // namespace piperpc::daemon
