// What the kernel tells the other side of a socket that a pipe closes.
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "harness.h"
#include "src/transport/linux/pipe.h"

namespace piperpc::transport {
namespace {

class NoDelegate final : public Pipe::Delegate {
 public:
  void OnReceive(Bytes) override {}
  void OnReceiveError(absl::Status) override {}
  void OnSent(absl::Status) override {}
};

class SocketPipeTest : public ::testing::TestWithParam<std::string> {};

// A receiver that knows nothing of a pipe: the next packet, "end", or what the system says.
std::string Receive(int fd) {
  char bytes[100];
  const ssize_t size = ::recv(fd, bytes, sizeof(bytes), 0);
  if (size < 0) return "error " + std::to_string(errno);
  return size == 0 ? "end" : std::string(bytes, static_cast<std::size_t>(size));
}

TEST_P(SocketPipeTest, ThatIsClosedWithUnreadInputResetsNobody) {
  std::string reason;
  const auto transport = NewTransport(GetParam(), reason);
  if (transport == nullptr) GTEST_SKIP() << reason;
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
  const UniqueFd peer(fds[0]);
  NoDelegate delegate;
  SocketPipe pipe(UniqueFd(fds[1]), {}, {});
  LoopThread loop(*transport);
  loop.Start();
  pipe.Attach(loop.loop(), delegate);
  for (const char* packet : {"one", "two"}) {
    ASSERT_EQ(::send(peer.get(), packet, 3, 0), 3);
  }
  const Bytes slices[] = {Bytes("last", 4)};
  EXPECT_EQ(*pipe.Send(slices), SendResult::kSent);
  Monitor monitor;
  bool closed = false;
  loop.Do([&] { pipe.Close(CloseMode::kAbort, [&] { monitor.Change([&] { closed = true; }); }); });
  EXPECT_TRUE(monitor.WaitFor([&] { return closed; }));
  EXPECT_EQ(::send(peer.get(), "x", 1, MSG_NOSIGNAL), -1);  // It can do no harm any more.
  EXPECT_EQ(Receive(peer.get()), "last");
  EXPECT_EQ(Receive(peer.get()), "end");
}

INSTANTIATE_TEST_SUITE_P(Loops, SocketPipeTest, ::testing::Values("epoll", "io_uring"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::transport
