// A process that has no descriptors left for a while: who is connected is served, who is not hears
// why or waits within its time, and when there are some again, all are served.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/endpoint.h"
#include "piperpc/io_thread.h"
#include "piperpc/raw_client.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/transport/linux/socket.h"
#include "support/descriptor_limit_linux.h"
#include "support/descriptors.h"
#include "support/eventually.h"
#include "support/test_service.h"

namespace {

std::atomic<std::size_t> accepts = 0;

}  // namespace

// Stands before that of the C library, for the whole program.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  using Accept = int(int, sockaddr*, socklen_t*, int);
  static auto* const accept = reinterpret_cast<Accept*>(::dlsym(RTLD_NEXT, "accept4"));
  ++accepts;
  return accept(fd, address, size, flags);
}

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kEcho[] = "test.v1.Test/Echo";

// The process may open one descriptor more, as long as this lives.
class OneDescriptor {
 public:
  OneDescriptor() {
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) taken_.emplace_back(fd);
    taken_.pop_back();
  }

 private:
  const DescriptorLimit limit_{256};
  std::vector<transport::UniqueFd> taken_;
};

class ExhaustedDescriptors : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    before_ = OpenDescriptors();
    server_.emplace(ServerOptions{.backend = GetParam(), .log = [this](const LogRecord& record) {
                                    if (record.event == "cannot accept clients") ++told_;
                                  }});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    const absl::Status status = server_->Start(endpoint_);
    if (absl::IsFailedPrecondition(status)) GTEST_SKIP() << status;
    ASSERT_TRUE(status.ok()) << status;
  }

  void TearDown() override {
    server_.reset();
    EXPECT_TRUE(Eventually([&] { return OpenDescriptors() <= before_; }));
  }

  RawClient NewClient(std::shared_ptr<IoThread> thread = nullptr) {
    return RawClient(Connect(endpoint_, {.backend = GetParam(),
                                         .io_thread = std::move(thread),
                                         .default_timeout = seconds(60),
                                         .wait_for_ready = seconds(60)}));
  }

  static RawResult Call(const RawClient& client, const CallOptions& options = {}) {
    return client.Unary(kEcho, RawMessage{"x"}, options);
  }

  static RawResult CallAsync(const RawClient& client) {
    const auto ended = std::make_shared<std::promise<RawResult>>();
    client.UnaryAsync(kEcho, RawMessage{"x"}, {},
                      [ended](RawResult reply) { ended->set_value(std::move(reply)); });
    std::future<RawResult> reply = ended->get_future();
    if (!Arrives(reply)) return absl::InternalError("the callback does not come");
    return reply.get();
  }

  static void ExpectServed(const RawResult& reply) {
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->bytes, "x");
  }

  static void ExpectNone(const RawResult& reply) {
    EXPECT_TRUE(absl::IsResourceExhausted(reply.status())) << reply.status();
    EXPECT_THAT(std::string(reply.status().message()), HasSubstr("Too many open files"));
  }

  // Clients in the server's queue, for whom it has no descriptors. Their own were open before.
  std::vector<transport::UniqueFd> NewSockets(std::size_t count) {
    std::vector<transport::UniqueFd> sockets;
    while (sockets.size() < count) sockets.push_back(*transport::NewSocket(0));
    return sockets;
  }
  void ConnectAll(const std::vector<transport::UniqueFd>& sockets) {
    const sockaddr_un address = transport::SocketAddress(Endpoint::Parse(endpoint_)->address());
    for (const transport::UniqueFd& socket : sockets) {
      ASSERT_EQ(
          ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    }
  }

  TestService service_;
  const std::string endpoint_ = UniqueEndpoint();
  std::atomic<int> told_ = 0;
  std::size_t before_ = 0;
  std::optional<Server> server_;
};

TEST_P(ExhaustedDescriptors, LeaveThoseServedThatAreConnectedAndServeTheOthersLater) {
  constexpr std::size_t kWaiting = 20;
  const auto thread = StartIoThread({.backend = GetParam()});
  ASSERT_TRUE(thread.ok()) << thread.status();
  const RawClient blocking = NewClient();
  const RawClient async = NewClient(*thread);
  const RawClient late = NewClient();
  const RawClient late_async = NewClient(*thread);
  ExpectServed(Call(blocking));
  ExpectServed(CallAsync(async));
  const std::vector<transport::UniqueFd> sockets = NewSockets(kWaiting);
  {
    const NoDescriptors none;
    const std::size_t accepts_before = accepts;
    const auto begun = std::chrono::steady_clock::now();
    ConnectAll(sockets);
    for (int i = 0; i < 200; ++i) {
      ExpectServed(Call(blocking));
      ExpectServed(CallAsync(async));
      ExpectNone(Call(late));
      ExpectNone(CallAsync(late_async));
    }
    EXPECT_TRUE(Eventually([&] { return accepts - accepts_before >= 3; }));
    EXPECT_GE(told_, 1);
    // A pause after each try: the server must not try all the time.
    const auto waited = std::chrono::steady_clock::now() - begun;
    EXPECT_LE(accepts - accepts_before, 2 + static_cast<std::size_t>(waited / milliseconds(10)));
    EXPECT_EQ(server_->stats().connections, 2u);
  }
  ExpectServed(Call(late));
  ExpectServed(CallAsync(late_async));
  EXPECT_TRUE(Eventually([&] { return server_->stats().connections == 4 + kWaiting; }));
  ExpectServed(Call(blocking));
  ExpectServed(CallAsync(async));
  EXPECT_EQ(blocking.channel()->connections_made(), 1u);
  EXPECT_EQ(async.channel()->connections_made(), 1u);
}

// One is left, which the client takes: the server has none for it.
TEST_P(ExhaustedDescriptors, EndACallWithItsDeadlineWhileTheServerHasNone) {
  const RawClient client = NewClient();
  {
    const OneDescriptor one;
    const RawResult reply = Call(client, {.timeout = milliseconds(100)});
    EXPECT_TRUE(absl::IsDeadlineExceeded(reply.status())) << reply.status();
    EXPECT_NE(reply.status().message(), "");
    EXPECT_TRUE(Eventually([&] { return told_ > 0; }));
  }
  ExpectServed(Call(client));
}

TEST_P(ExhaustedDescriptors, DelayACallThatCanWait) {
  const RawClient client = NewClient();
  auto one = std::make_unique<OneDescriptor>();
  std::future<RawResult> reply = std::async(std::launch::async, [&client] { return Call(client); });
  EXPECT_TRUE(Eventually([&] { return told_ > 0; }));
  one.reset();
  ASSERT_TRUE(Arrives(reply));
  ExpectServed(reply.get());
  EXPECT_EQ(client.channel()->connections_made(), 1u);
}

TEST_P(ExhaustedDescriptors, LetAServerShutDownThatClientsWaitFor) {
  const RawClient client = NewClient();
  ExpectServed(Call(client));
  const std::vector<transport::UniqueFd> sockets = NewSockets(3);
  const NoDescriptors none;
  ConnectAll(sockets);
  EXPECT_TRUE(Eventually([&] { return told_ > 0; }));
  EXPECT_TRUE(server_->Shutdown(seconds(20)).clean());
  for (const transport::UniqueFd& socket : sockets) {
    char byte;
    EXPECT_LE(::recv(socket.get(), &byte, 1, 0), 0);  // It is told that nobody comes.
  }
}

INSTANTIATE_TEST_SUITE_P(On, ExhaustedDescriptors, ::testing::Values("epoll", "io_uring"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::testing
