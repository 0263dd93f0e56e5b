// Nothing is handed over on this system, and there is no service manager to tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "piperpc/open_socket.h"
#include "piperpc/service_manager.h"

namespace piperpc::testing {
namespace {

TEST(OpenSocketWin32Test, AnySocketIsUnimplemented) {
  const absl::Status status = OpenSocket::Take(3).status();
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("descriptor 3"));
}

TEST(ServiceManagerWin32Test, ThereIsNone) {
  auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  EXPECT_TRUE(manager->TakeSockets().empty());
  EXPECT_FALSE(manager->has_listener());
  EXPECT_FALSE(manager->watchdog().has_value());
  EXPECT_TRUE(manager->Notify("READY=1").ok());
}

}  // namespace
}  // namespace piperpc::testing
