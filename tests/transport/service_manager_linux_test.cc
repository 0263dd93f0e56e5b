// What is read of a service manager's variables, and what it is told. tests/e2e has whole programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "piperpc/service_manager.h"
#include "src/transport/linux/socket.h"
#include "src/transport/linux/unique_fd.h"
#include "support/scratch_folder.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;
using transport::UniqueFd;

constexpr std::array kVariables = {"LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES",
                                   "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"};

class ServiceManagerTest : public ::testing::Test {
 protected:
  ServiceManagerTest() { Clear(); }
  ~ServiceManagerTest() override { Clear(); }

  static void Set(const char* name, const std::string& value) {
    ASSERT_EQ(::setenv(name, value.c_str(), 1), 0);
  }

  static std::string OwnPid() { return std::to_string(::getpid()); }

  static void ExpectNoVariables() {
    for (const char* name : kVariables) EXPECT_EQ(std::getenv(name), nullptr) << name;
  }

  static void ExpectInvalid(const std::string& text) {
    const auto manager = ServiceManager::FromEnvironment();
    EXPECT_TRUE(absl::IsInvalidArgument(manager.status())) << manager.status();
    EXPECT_THAT(std::string(manager.status().message()), HasSubstr(text));
    ExpectNoVariables();
  }

  // A place for news at `path`.
  static UniqueFd ListenForNews(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM, 0));
    const sockaddr_un address = transport::SocketAddress(path);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

 private:
  static void Clear() {
    for (const char* name : kVariables) ::unsetenv(name);
  }
};

TEST_F(ServiceManagerTest, WithoutVariablesThereIsNone) {
  auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  EXPECT_TRUE(manager->sockets().empty());
  EXPECT_FALSE(manager->has_listener());
  EXPECT_FALSE(manager->watchdog().has_value());
  EXPECT_TRUE(manager->Notify("READY=1").ok());
}

TEST_F(ServiceManagerTest, TheVariablesAreGoneAfterwards) {
  Set("LISTEN_PID", OwnPid());
  Set("LISTEN_FDS", "0");
  Set("NOTIFY_SOCKET", "/nowhere");
  Set("WATCHDOG_USEC", "3000000");
  Set("WATCHDOG_PID", OwnPid());
  const auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  EXPECT_EQ(manager->watchdog(), std::chrono::seconds(3));
  EXPECT_TRUE(manager->has_listener());
  ExpectNoVariables();
}

TEST_F(ServiceManagerTest, WhatIsForAnotherProcessDoesNotCount) {
  Set("LISTEN_PID", "1");
  Set("LISTEN_FDS", "5");
  Set("WATCHDOG_USEC", "3000000");
  Set("WATCHDOG_PID", "1");
  const auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  EXPECT_TRUE(manager->sockets().empty());
  EXPECT_FALSE(manager->watchdog().has_value());
  ExpectNoVariables();
}

TEST_F(ServiceManagerTest, SocketsForNobodyDoNotCount) {
  Set("LISTEN_FDS", "5");
  const auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  EXPECT_TRUE(manager->sockets().empty());
}

TEST_F(ServiceManagerTest, ANumberThatIsNotOneIsNamed) {
  for (const char* value : {"", "x", "-1", "1 ", "99999999999999999999"}) {
    Set("LISTEN_PID", OwnPid());
    Set("LISTEN_FDS", value);
    ExpectInvalid("LISTEN_FDS=\"" + std::string(value) + "\" is not valid");
  }
  Set("LISTEN_PID", "me");
  ExpectInvalid("LISTEN_PID=\"me\" is not valid");
  Set("WATCHDOG_USEC", "0");
  ExpectInvalid("WATCHDOG_USEC=\"0\" is not valid");
}

TEST_F(ServiceManagerTest, NamesMustFitTheSockets) {
  Set("LISTEN_PID", OwnPid());
  Set("LISTEN_FDS", "1");
  Set("LISTEN_FDNAMES", "a:b");
  ExpectInvalid("has 2 names, but LISTEN_FDS is 1");
}

TEST_F(ServiceManagerTest, IsTold) {
  const ScratchFolder folder;
  const UniqueFd news = ListenForNews(folder.File("n"));
  Set("NOTIFY_SOCKET", folder.File("n"));
  const auto manager = ServiceManager::FromEnvironment();
  ASSERT_TRUE(manager.ok()) << manager.status();
  const absl::Status told = manager->Notify("READY=1\nSTATUS=serves");
  ASSERT_TRUE(told.ok()) << told;
  std::array<char, 64> text = {};
  const ssize_t size = ::recv(news.get(), text.data(), text.size(), MSG_DONTWAIT);
  EXPECT_EQ(std::string(text.data(), size > 0 ? size : 0), "READY=1\nSTATUS=serves");
}

TEST_F(ServiceManagerTest, SaysWhyItCannotBeTold) {
  const std::array<std::pair<std::string, absl::StatusCode>, 3> cases = {{
      {"/nowhere/at/all", absl::StatusCode::kUnavailable},
      {"vsock:2:1234", absl::StatusCode::kUnimplemented},
      {"/" + std::string(200, 'x'), absl::StatusCode::kUnimplemented},
  }};
  for (const auto& [address, code] : cases) {
    Set("NOTIFY_SOCKET", address);
    const auto manager = ServiceManager::FromEnvironment();
    ASSERT_TRUE(manager.ok()) << manager.status();
    const absl::Status told = manager->Notify("READY=1");
    EXPECT_EQ(told.code(), code) << told;
    EXPECT_THAT(std::string(told.message()), HasSubstr(address));
  }
}

}  // namespace
}  // namespace piperpc::testing
