// A process that has no more descriptors: what needs one says so at once, and works again when
// there are some.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "piperpc/client.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/io_thread.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/descriptor_limit_linux.h"
#include "support/eventually.h"
#include "support/test_service.h"

namespace piperpc::testing {
namespace {

using internal::ClientMethod;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};

class RefusedDescriptors : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    server_.emplace(ServerOptions{.backend = GetParam()});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    const absl::Status status = server_->Start(endpoint_);
    if (absl::IsFailedPrecondition(status)) GTEST_SKIP() << status;
    ASSERT_TRUE(status.ok()) << status;
  }

  // Calls wait for an hour, for a server that is not there.
  std::shared_ptr<Channel> NewChannel() {
    return Connect(endpoint_, {.backend = GetParam(),
                               .default_timeout = std::chrono::hours(1),
                               .wait_for_ready = std::chrono::hours(1)});
  }

  static RawResult Call(Channel& channel) {
    return internal::CallUnary<RawMessage>(channel, kEcho, RawMessage{"x"}, CallOptions());
  }

  static RawResult CallAsync(Channel& channel) {
    const auto ended = std::make_shared<std::promise<RawResult>>();
    internal::StartUnary<RawMessage>(channel, kEcho, RawMessage{"x"}, {},
                                     [ended](RawResult reply) { ended->set_value(reply); });
    std::future<RawResult> reply = ended->get_future();
    if (!Arrives(reply)) return absl::InternalError("the callback does not come");
    return reply.get();
  }

  static void ExpectNone(const absl::Status& status) {
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("Too many open files"));
  }

  TestService service_;
  const std::string endpoint_ = UniqueEndpoint();
  std::optional<Server> server_;
};

TEST_P(RefusedDescriptors, EndACallAtOnce) {
  const auto channel = NewChannel();
  {
    const NoDescriptors none;
    ExpectNone(Call(*channel).status());
    ExpectNone(CallAsync(*channel).status());
  }
  EXPECT_EQ(Call(*channel)->bytes, "x");
  EXPECT_EQ(CallAsync(*channel)->bytes, "x");
}

TEST_P(RefusedDescriptors, AreForgottenByAChannelThatWasMadeWithoutThem) {
  std::shared_ptr<Channel> channel;
  {
    const NoDescriptors none;
    channel = NewChannel();
  }
  EXPECT_EQ(Call(*channel)->bytes, "x");
  EXPECT_EQ(CallAsync(*channel)->bytes, "x");
}

TEST_P(RefusedDescriptors, LeaveAConnectionAlone) {
  const auto channel = NewChannel();
  ASSERT_EQ(CallAsync(*channel)->bytes, "x");
  const NoDescriptors none;
  EXPECT_EQ(Call(*channel)->bytes, "x");
  EXPECT_EQ(CallAsync(*channel)->bytes, "x");
}

TEST_P(RefusedDescriptors, AreToldByAnIoThread) {
  {
    const NoDescriptors none;
    ExpectNone(StartIoThread({.backend = GetParam()}).status());
  }
  EXPECT_TRUE(StartIoThread({.backend = GetParam()}).ok());
}

TEST_P(RefusedDescriptors, AreToldByAServerThatMayBeStartedAgain) {
  Server server({.backend = GetParam()});
  const std::string endpoint = UniqueEndpoint();
  {
    const NoDescriptors none;
    ExpectNone(server.Start(endpoint));
  }
  const absl::Status status = server.Start(endpoint);
  EXPECT_TRUE(status.ok()) << status;
}

INSTANTIATE_TEST_SUITE_P(On, RefusedDescriptors, ::testing::Values("auto", "epoll", "io_uring"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::testing
