// What the loops do when the system refuses to watch a socket.
#include <gmock/gmock.h>

#include "harness.h"
#include "src/transport/linux/socket_loop.h"

namespace piperpc::transport {
namespace {

constexpr int kNoDescriptor = 1 << 20;  // Above what a process may have.

class Unwatchable final : private SocketLoop::Source {
 public:
  explicit Unwatchable(LoopThread& loop)
      : Source(UniqueFd(kNoDescriptor)), loop_(static_cast<SocketLoop&>(loop.loop())) {}

  void Start(SocketLoop::Operation operation) { loop_.Start(*this, operation); }
  void Release() { loop_.Release(*this); }
  std::vector<std::string> Wait(std::size_t count) {
    monitor_.WaitFor([&] { return seen_.size() >= count; });
    return monitor_.Read(seen_);
  }

 private:
  void OnReceived(std::ptrdiff_t result, const char*) override { Add("received", result); }
  void OnReadable(int wait_error) override { Add("readable", wait_error); }
  void OnWritable(int wait_error) override { Add("writable", wait_error); }
  void OnReleased() override { Add("released", 0); }
  void Add(const std::string& what, std::ptrdiff_t value) {
    monitor_.Change([&] { seen_.push_back(what + " " + std::to_string(value)); });
  }

  SocketLoop& loop_;
  Monitor monitor_;
  std::vector<std::string> seen_;
};

class SocketLoopTest : public ::testing::TestWithParam<std::string> {};

TEST_P(SocketLoopTest, TellsThatASocketCannotBeWatched) {
  std::string reason;
  const auto transport = NewTransport(GetParam(), reason);
  if (transport == nullptr) GTEST_SKIP() << reason;
  LoopThread loop(*transport);
  loop.Start();
  Unwatchable source(loop);
  loop.Do([&] { source.Start(SocketLoop::kWritable); });
  source.Wait(1);
  loop.Do([&] { source.Start(SocketLoop::kReadable); });
  source.Wait(2);
  loop.Do([&] { source.Start(SocketLoop::kReceive); });
  source.Wait(3);
  loop.Do([&] { source.Release(); });
  EXPECT_THAT(source.Wait(4),
              ::testing::ElementsAre("writable " + std::to_string(EBADF),
                                     "readable " + std::to_string(EBADF),
                                     "received -" + std::to_string(EBADF), "released 0"));
}

// More than the kernel takes at once, all before the loop runs, which is when it takes none.
TEST_P(SocketLoopTest, TakesAnyNumberOfOperationsBeforeItRuns) {
  std::string reason;
  const auto transport = NewTransport(GetParam(), reason);
  if (transport == nullptr) GTEST_SKIP() << reason;
  LoopThread loop(*transport);
  std::vector<std::unique_ptr<Unwatchable>> sources;
  for (int i = 0; i < 1000; ++i) {
    sources.emplace_back(std::make_unique<Unwatchable>(loop))->Start(SocketLoop::kReadable);
  }
  loop.Start();
  for (const auto& source : sources) source->Wait(1);
  loop.Do([&] {
    for (const auto& source : sources) source->Release();
  });
  for (const auto& source : sources) source->Wait(2);
}

INSTANTIATE_TEST_SUITE_P(On, SocketLoopTest, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::transport
