// What a server says of its endpoint: when somebody removes its files, and what its loops wait
// with.
#include <gmock/gmock.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "piperpc/endpoint.h"
#include "server/server_fixture.h"

namespace piperpc::testing {
namespace {

class EndpointOfServer : public ServerFixture {
 protected:
  ~EndpointOfServer() override { server_.reset(); }  // It logs to its very end.

  LogHook Hook() {
    return [this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      events_.emplace(record.event);
      for (const auto& [key, value] : record.fields) {
        if (key == "backend") backend_ = value;
        if (key == "cause") cause_ = value;
      }
      changed_.notify_all();
    };
  }

  bool WaitForEvent(const std::string& event) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60),
                             [&] { return events_.contains(event); });
  }

  std::string cause() {
    const std::lock_guard lock(mutex_);
    return cause_;
  }
  std::string backend() {
    const std::lock_guard lock(mutex_);
    return backend_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> events_;
  std::string backend_;
  std::string cause_;
};

// The system allows io_uring for the first loops, and then no more.
class UsedUpTransport final : public transport::Transport {
 public:
  UsedUpTransport(transport::Transport& first, transport::Transport& then, int loops)
      : first_(first), then_(then), left_(loops) {}

  std::string_view name() const override { return first_.name(); }
  absl::StatusOr<std::unique_ptr<transport::EventLoop>> NewLoop() override {
    return left_-- > 0 ? first_.NewLoop() : then_.NewLoop();
  }
  absl::StatusOr<std::unique_ptr<transport::Listener>> Listen(
      transport::EventLoop& loop, const Endpoint& endpoint, const transport::ListenOptions& options,
      transport::Listener::Delegate& delegate) override {
    return then_.Listen(loop, endpoint, options, delegate);
  }
  absl::StatusOr<std::unique_ptr<transport::Pipe>> Connect(
      const Endpoint& endpoint, const transport::ConnectOptions& options) override {
    return then_.Connect(endpoint, options);
  }

 private:
  transport::Transport& first_;
  transport::Transport& then_;
  int left_;
};

TEST_F(EndpointOfServer, IsLoggedWithWhatEachLoopWaitsWith) {
  transport::Transport& uring = **transport::SystemTransport("io_uring");
  transport::Transport& epoll = **transport::SystemTransport("epoll");
  if (const auto loop = uring.NewLoop(); !loop.ok()) GTEST_SKIP() << loop.status();
  const auto logged = [&](int loops_of_uring) {
    UsedUpTransport transport(uring, epoll, loops_of_uring);
    Server server({.event_loops = 3, .log = Hook(), .transport = &transport});
    EXPECT_TRUE(server.Start(endpoint_).ok());
    return backend();
  };
  EXPECT_EQ(logged(3), "io_uring");
  EXPECT_EQ(logged(2), "io_uring,io_uring,epoll");
  EXPECT_EQ(logged(0), "epoll");
}

TEST_F(EndpointOfServer, IsRestoredAndThatIsLogged) {
  Start({.log = Hook()});
  ASSERT_TRUE(std::filesystem::remove(Endpoint::Parse(endpoint_)->address()));
  EXPECT_TRUE(WaitForEvent("endpoint restored"));
  EXPECT_EQ(cause(), "its files had been removed or replaced");
  WireClient client = Connect();
  client.Send({EncodedRequest(1, "test.v1.Test/Echo", "no Hello before it")});
  EXPECT_TRUE(absl::IsInvalidArgument(client.Goaway()));
}

TEST_F(EndpointOfServer, IsLoggedAsLostWhenItCannotBeRestored) {
  Start({.log = Hook()});
  const std::string address = Endpoint::Parse(endpoint_)->address();
  const std::string file = address + ".file";
  std::ofstream(file) << "precious";
  std::filesystem::rename(file, address);
  EXPECT_TRUE(WaitForEvent("endpoint lost"));
  server_.reset();
  EXPECT_TRUE(std::filesystem::remove(address));
}

}  // namespace
}  // namespace piperpc::testing
