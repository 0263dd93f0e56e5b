// What the watch over an endpoint's files wakes a loop for.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "harness.h"
#include "src/transport/linux/file_watch.h"

namespace piperpc::transport {
namespace {

// The loop runs on the test's own thread, as long as the test says.
class FileWatchTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string reason;
    transport_ = NewTransport(GetParam(), reason);
    if (transport_ == nullptr) GTEST_SKIP() << reason;
    loop_ = *transport_->NewLoop();
    std::filesystem::create_directory(home_);
    std::ofstream(file_).close();
    watch_ = std::make_unique<FileWatch>(static_cast<SocketLoop&>(*loop_), [this] {
      ++looks_;
      loop_->Stop();
    });
    watch_->Watch({file_}, home_);
    loop_->Run();  // Until the look that follows in any case.
    ASSERT_EQ(looks_, 1);
  }

  void TearDown() override {
    if (watch_ == nullptr) return;
    watch_->Close([this] { loop_->Stop(); });
    loop_->Run();
  }

  // The loop finds in some iterations whatever there is for it.
  void RunSome() {
    StopAfter(10);
    loop_->Run();
  }
  void StopAfter(int iterations) {
    loop_->Post([this, iterations] {
      if (iterations == 0) return loop_->Stop();
      StopAfter(iterations - 1);
    });
  }

  ScratchFolder folder_;
  const std::string home_ = folder_.File("home");
  const std::string file_ = folder_.File("home/file");
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<EventLoop> loop_;
  int looks_ = 0;
  std::unique_ptr<FileWatch> watch_;
};

// In /tmp anybody can do such things.
TEST_P(FileWatchTest, IsNotWokenByWhatHappensInTheFolder) {
  const std::string other = home_ + "/other";
  std::ofstream(other) << "text";
  ASSERT_EQ(::chmod(other.c_str(), 0640), 0);
  ASSERT_EQ(::chmod(other.c_str(), 0600), 0);
  std::filesystem::rename(other, other + "2");
  std::filesystem::remove(other + "2");
  RunSome();
  EXPECT_EQ(looks_, 1);
}

TEST_P(FileWatchTest, IsWokenWhenTheFileIsRemoved) {
  std::filesystem::remove(file_);
  loop_->Run();
  EXPECT_EQ(looks_, 2);
}

TEST_P(FileWatchTest, IsWokenWhenTheFolderIsRenamed) {
  std::filesystem::rename(home_, folder_.File("away"));
  loop_->Run();
  EXPECT_EQ(looks_, 2);
}

INSTANTIATE_TEST_SUITE_P(On, FileWatchTest, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::transport
