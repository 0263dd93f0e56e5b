// How a listener shares its loop with the pipes that are there already.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "harness.h"

namespace piperpc::transport {
namespace {

// Keeps the pipes that it is given.
class Counter final : public Listener::Delegate {
 public:
  std::size_t count() const { return pipes_.size(); }  // Loop thread.

 private:
  absl::Status Admit(const Peer&) override { return absl::OkStatus(); }
  void OnConnect(std::unique_ptr<Pipe> pipe) override { pipes_.push_back(std::move(pipe)); }
  void OnRefuse(std::unique_ptr<Pipe>, absl::Status) override {}
  void OnAcceptError(absl::Status) override {}
  void OnEndpointRemoved(absl::Status) override {}

  std::vector<std::unique_ptr<Pipe>> pipes_;
};

class SocketListenerTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Pipe> Connect(Transport& transport, const Endpoint& endpoint) {
    auto pipe = transport.Connect(endpoint, {.deadline = Soon()});
    EXPECT_TRUE(pipe.ok()) << pipe.status();
    return pipe.ok() ? *std::move(pipe) : nullptr;
  }

  ScratchFolder folder_;
};

TEST_P(SocketListenerTest, TakesFewOfManyClientsBeforeAPipeThatIsThereHasItsTurn) {
  constexpr std::size_t kClients = 200;
  std::string reason;
  const auto transport = NewTransport(GetParam(), reason);
  if (transport == nullptr) GTEST_SKIP() << reason;
  LoopThread loop(*transport);
  loop.Start();

  Server other(*transport, loop, folder_.endpoint("there"));
  ASSERT_TRUE(other.status().ok()) << other.status();
  End client(Connect(*transport, folder_.endpoint("there")));
  End there(other.acceptor().WaitPipe());

  Counter counter;
  std::unique_ptr<Listener> listener;
  std::size_t before = 0;
  std::size_t most = 0;  // That were taken between two packets.
  Monitor monitor;
  bool all = false;
  there.on_receive = [&](Bytes) {
    most = std::max(most, counter.count() - before);
    before = counter.count();
    if (before == kClients) return monitor.Change([&] { all = true; });
    there.pipe().Receive();
    client.MustSend("again");
  };
  there.Attach(loop);
  there.Receive();

  std::vector<std::unique_ptr<Pipe>> clients;
  const Endpoint endpoint = folder_.endpoint("crowd");
  loop.Do([&] {
    auto listening = transport->Listen(loop.loop(), endpoint, {}, counter);
    ASSERT_TRUE(listening.ok()) << listening.status();
    listener = *std::move(listening);
    while (clients.size() < kClients) clients.push_back(Connect(*transport, endpoint));
    client.MustSend("first");
  });
  EXPECT_TRUE(monitor.WaitFor([&] { return all; }));
  EXPECT_LE(most, 16u);

  there.Close();
  bool closed = false;
  loop.Do([&] { listener->Close([&] { monitor.Change([&] { closed = true; }); }); });
  EXPECT_TRUE(monitor.WaitFor([&] { return closed; }));
}

INSTANTIATE_TEST_SUITE_P(Loops, SocketListenerTest, ::testing::Values("epoll", "io_uring"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::transport
