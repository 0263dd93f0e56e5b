// Endpoints that are abstract sockets, on each backend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "piperpc/client.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/test_service.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;

constexpr internal::ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};

class AbstractSockets : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto server = NewServer();
    const absl::Status status = server->Start(UniqueEndpoint());
    if (absl::IsFailedPrecondition(status)) GTEST_SKIP() << status;
  }

  ServerOptions AllowedOptions() const {
    return {.backend = GetParam(), .allow_unprotected_abstract_socket = true};
  }

  std::unique_ptr<Server> NewServer() { return NewServer(AllowedOptions()); }
  std::unique_ptr<Server> NewServer(ServerOptions options) {
    auto server = std::make_unique<Server>(std::move(options));
    EXPECT_TRUE(server->AddService(service_.service()).ok());
    return server;
  }

  absl::Status Call(ChannelOptions options) {
    options.backend = GetParam();
    return internal::CallUnary<RawMessage>(*Connect(endpoint_, options), kEcho, RawMessage{"a"},
                                           CallOptions())
        .status();
  }

  static void ExpectRiskNamed(const absl::Status& status) {
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("allow_unprotected_abstract_socket"));
    EXPECT_THAT(std::string(status.message()), HasSubstr("CVE-2020-15257"));
  }

  TestService service_;
  const std::string endpoint_ = "@" + UniqueEndpoint();
};

TEST_P(AbstractSockets, AreRefusedUnlessTheRiskIsAccepted) {
  ExpectRiskNamed(NewServer({.backend = GetParam()})->Start(endpoint_));
  ExpectRiskNamed(Server::Check(endpoint_, {}));
  ExpectRiskNamed(CheckChannel(endpoint_, {}));
  ExpectRiskNamed(Call({}));
}

TEST_P(AbstractSockets, AreServedWhereItIs) {
  const auto server = NewServer();
  const absl::Status started = server->Start(endpoint_);
  ASSERT_TRUE(started.ok()) << started;
  const absl::Status called = Call({.allow_unprotected_abstract_socket = true});
  EXPECT_TRUE(called.ok()) << called;
}

TEST_P(AbstractSockets, WithoutAServerThereIsNone) {
  EXPECT_TRUE(absl::IsUnavailable(Call({.allow_unprotected_abstract_socket = true})));
}

TEST_P(AbstractSockets, HaveOneServerAtATime) {
  const auto first = NewServer();
  ASSERT_TRUE(first->Start(endpoint_).ok());
  const absl::Status second = NewServer()->Start(endpoint_);
  EXPECT_TRUE(absl::IsAlreadyExists(second)) << second;
}

TEST_P(AbstractSockets, AreFreeForTheNextServer) {
  for (int i = 0; i < 3; ++i) {
    const auto server = NewServer();
    const absl::Status started = server->Start(endpoint_);
    ASSERT_TRUE(started.ok()) << started;
    EXPECT_TRUE(Call({.allow_unprotected_abstract_socket = true}).ok());
  }
}

TEST_P(AbstractSockets, HaveNoMode) {
  ServerOptions options = AllowedOptions();
  options.access = {.preset = Access::Preset::kRaw, .raw = "0600"};
  const absl::Status status = NewServer(options)->Start(endpoint_);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("use owner, group or users"));
}

INSTANTIATE_TEST_SUITE_P(On, AbstractSockets, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::testing
