// A live server whose files are removed, by a tidy program or by hand.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <filesystem>

#include "child_process_linux.h"
#include "harness.h"
#include "refused_calls_linux.h"
#include "src/transport/linux/endpoint_owner.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

using ::testing::HasSubstr;

class EndpointRemovedTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(home_);
    std::string reason;
    transport_ = NewTransport(GetParam(), reason);
    if (transport_ == nullptr) GTEST_SKIP() << reason;
    loop_ = std::make_unique<LoopThread>(*transport_);
    loop_->Start();
  }

  void Listen(const Endpoint& endpoint) {
    server_ = std::make_unique<Server>(*transport_, *loop_, endpoint);
    ASSERT_TRUE(server_->status().ok()) << server_->status();
  }
  void Listen() { Listen(endpoint_); }

  absl::Status WaitRemoved() { return server_->acceptor().WaitRemoved(); }

  void ExpectServed(const Endpoint& endpoint) {
    const auto client = transport_->Connect(endpoint, {.deadline = Soon()});
    ASSERT_TRUE(client.ok()) << client.status();
    EXPECT_NE(server_->acceptor().WaitPipe(), nullptr);
  }
  void ExpectServed() { ExpectServed(endpoint_); }

  void ExpectTakenForOthers() {
    EXPECT_TRUE(
        InChild([&] { return absl::IsAlreadyExists(LockFile::Take(lock_path_).status()); }));
    EXPECT_TRUE(
        InChild([&] { return absl::IsAlreadyExists(EndpointOwner::Take(endpoint_).status()); }));
  }

  ScratchFolder folder_;
  const std::filesystem::path home_ = folder_.path() / "home";
  const Endpoint endpoint_ = *Endpoint::Parse((home_ / "s").string());
  const std::string path_ = endpoint_.address();
  const std::string lock_path_ = path_ + ".lock";
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<LoopThread> loop_;
  std::unique_ptr<Server> server_;
};

TEST_P(EndpointRemovedTest, ServesOnWhenItsSocketFileIsRemoved) {
  Listen();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(::unlink(path_.c_str()), 0);
    EXPECT_TRUE(WaitRemoved().ok());
    ExpectServed();
  }
  ExpectTakenForOthers();
}

TEST_P(EndpointRemovedTest, ServesOnWhenItsSocketFileIsRenamed) {
  Listen();
  ASSERT_EQ(::rename(path_.c_str(), (path_ + ".old").c_str()), 0);
  EXPECT_TRUE(WaitRemoved().ok());
  ExpectServed();
}

TEST_P(EndpointRemovedTest, KeepsTheModeOfItsSocket) {
  server_ = std::make_unique<Server>(
      *transport_, *loop_, endpoint_,
      ListenOptions{.access = {.preset = Access::Preset::kRaw, .raw = "0640"}});
  ASSERT_TRUE(server_->status().ok());
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  EXPECT_TRUE(WaitRemoved().ok());
  struct stat file = {};
  ASSERT_EQ(::stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0640u);
}

TEST_P(EndpointRemovedTest, LocksAnewWhenItsLockFileIsRemoved) {
  Listen();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(::unlink(lock_path_.c_str()), 0);
    EXPECT_TRUE(WaitRemoved().ok());
    ExpectTakenForOthers();
    ExpectServed();
  }
}

TEST_P(EndpointRemovedTest, MakesItsPrivateFolderAgain) {
  ::setenv("XDG_RUNTIME_DIR", home_.c_str(), 1);
  const Endpoint endpoint = *Endpoint::Parse("demo");
  ::unsetenv("XDG_RUNTIME_DIR");
  Listen(endpoint);
  std::filesystem::rename(home_ / "piperpc", home_ / "away");  // In one step.
  EXPECT_TRUE(WaitRemoved().ok());
  ExpectServed(endpoint);
}

TEST_P(EndpointRemovedTest, TellsWhyItCannotServeOnAndTriesAgain) {
  Listen();
  const std::string away = (folder_.path() / "away").string();
  ASSERT_EQ(::rename(home_.c_str(), away.c_str()), 0);
  const absl::Status lost = WaitRemoved();
  EXPECT_EQ(lost.code(), absl::StatusCode::kFailedPrecondition) << lost;
  EXPECT_THAT(std::string(lost.message()), HasSubstr("the folder " + home_.string() + " "));
  std::filesystem::create_directory(home_);
  EXPECT_TRUE(WaitRemoved().ok());
  ExpectServed();
  ExpectTakenForOthers();
}

// Its place was taken in one step, so that there is no moment in which it is free.
TEST_P(EndpointRemovedTest, LeavesAnotherServersSocketAloneUntilThatOneHasGone) {
  Listen();
  UniqueFd other = *NewSocket(0);
  const std::string made_as = (folder_.path() / "other").string();
  const sockaddr_un address = SocketAddress(made_as);
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(other.get(), 8), 0);
  ASSERT_EQ(::rename(made_as.c_str(), path_.c_str()), 0);
  EXPECT_EQ(WaitRemoved().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(std::filesystem::exists(path_));
  other.Reset();
  EXPECT_TRUE(WaitRemoved().ok());
  ExpectServed();
}

TEST_P(EndpointRemovedTest, ServesThoseWhoHadConnectedBefore) {
  LoopThread loop(*transport_);
  Acceptor acceptor;
  auto listener = transport_->Listen(loop.loop(), endpoint_, {}, acceptor);
  ASSERT_TRUE(listener.ok());
  std::vector<std::unique_ptr<Pipe>> clients;
  for (int i = 0; i < 100; ++i) {  // More than a turn takes.
    auto pipe = transport_->Connect(endpoint_, {.deadline = Soon()});
    ASSERT_TRUE(pipe.ok()) << pipe.status();
    clients.push_back(*std::move(pipe));
  }
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  loop.Start();
  EXPECT_TRUE(acceptor.WaitRemoved().ok());
  for (int i = 0; i < 100; ++i) EXPECT_NE(acceptor.WaitPipe(), nullptr);
  Monitor monitor;
  bool closed = false;
  loop.Do([&] { (*listener)->Close([&] { monitor.Change([&] { closed = true; }); }); });
  monitor.WaitFor([&] { return closed; });
}

// The report of the removal that comes at last is the first one.
TEST_P(EndpointRemovedTest, SaysNothingOfFilesThatStay) {
  Listen();
  ASSERT_EQ(::chmod(path_.c_str(), 0660), 0);
  ASSERT_EQ(::utimes(path_.c_str(), nullptr), 0);
  ASSERT_EQ(::utimes(lock_path_.c_str(), nullptr), 0);
  ASSERT_EQ(::rename(path_.c_str(), (path_ + ".old").c_str()), 0);
  EXPECT_TRUE(WaitRemoved().ok());
  loop_->Do([] {});
  EXPECT_EQ(server_->acceptor().removed(), 0u);
}

TEST_P(EndpointRemovedTest, ClosesWhileItsFilesAreGone) {
  Listen();
  std::filesystem::rename(home_, folder_.path() / "away");
  EXPECT_FALSE(WaitRemoved().ok());
  server_->Close();
}

INSTANTIATE_TEST_SUITE_P(On, EndpointRemovedTest, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

// Each user may have a limited number of watches, which others can use up.
TEST(EndpointRemovedWithoutWatchTest, IsNoticedAllTheSame) {
  struct Stopper final : Listener::Delegate {
    void OnConnect(std::unique_ptr<Pipe>) override {}
    void OnAcceptError(absl::Status) override {}
    void OnEndpointRemoved(absl::Status status) override {
      restored = status.ok();
      loop->Stop();
    }
    bool restored = false;
    EventLoop* loop = nullptr;
  };
  if (!CanRefuseCalls()) GTEST_SKIP() << kCannotRefuseCalls;
  const ScratchFolder folder;
  for (const long call : {SYS_inotify_init1, SYS_inotify_add_watch}) {
    EXPECT_TRUE(InChild([&] {
      if (!RefuseCalls({{call, EMFILE, std::nullopt}})) return false;
      Transport& transport = **SystemTransport("epoll");
      const auto loop = *transport.NewLoop();
      Stopper delegate;
      delegate.loop = loop.get();
      const auto listener = transport.Listen(*loop, folder.endpoint(), {}, delegate);
      if (!listener.ok()) return false;
      loop->Post([&] {  // After the look that follows the beginning in any case.
        loop->Post([&] { ::unlink(folder.endpoint().address().c_str()); });
      });
      loop->Run();
      const auto client = transport.Connect(folder.endpoint(), {.deadline = Soon()});
      return delegate.restored && client.ok();
    }));
  }
}

}  // namespace
}  // namespace piperpc::transport
