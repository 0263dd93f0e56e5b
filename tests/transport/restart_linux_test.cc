// Who holds an endpoint when processes die, fork, and are refused things by the system.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "child_process_linux.h"
#include "harness.h"
#include "refused_calls_linux.h"
#include "src/transport/linux/endpoint_owner.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// No thread runs in this process, so that its children may do anything.
class RestartTest : public ::testing::Test {
 protected:
  bool Bind(const UniqueFd& fd) const {
    const sockaddr_un address = SocketAddress(endpoint_.address());
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  // As a server does it: the owner is told before the socket takes connections.
  bool Serve(EndpointOwner& owner, const UniqueFd& fd) const {
    if (!Bind(fd)) return false;
    owner.Bound();
    return ::listen(fd.get(), 8) == 0;
  }

  bool TakesConnections() const {
    const UniqueFd client = *NewSocket(SOCK_NONBLOCK);
    const sockaddr_un address = SocketAddress(endpoint_.address());
    return ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
           0;
  }

  bool IsTaken() const {
    return EndpointOwner::Take(endpoint_).status().code() == absl::StatusCode::kAlreadyExists;
  }

  std::string TextOf(const std::string& address) const {
    const absl::Status status = EndpointOwner::Take(*Endpoint::Parse(address)).status();
    return absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message());
  }

  ScratchFolder folder_;
  const Endpoint endpoint_ = folder_.endpoint();
  const std::string lock_path_ = endpoint_.address() + ".lock";
};

// What the kernel does for some milliseconds with the socket of an io_uring, this test does for as
// long as it runs: it has the dead process's socket open, too.
TEST_F(RestartTest, ReplacesADeadOwnersSocketThatStillTakesConnections) {
  const UniqueFd shared = *NewSocket(0);
  ChildProcess server([&](const std::function<void()>& ready) {
    auto owner = EndpointOwner::Take(endpoint_);
    if (!owner.ok() || !Serve(*owner, shared)) ::_exit(1);
    ready();
    ::pause();
  });
  ASSERT_TRUE(server.ready());
  EXPECT_TRUE(IsTaken());
  server.Kill();
  ASSERT_TRUE(TakesConnections());
  EXPECT_TRUE(EndpointOwner::Take(endpoint_).ok());
  EXPECT_FALSE(std::filesystem::exists(endpoint_.address()));
}

TEST_F(RestartTest, KnowsADeadOwnersSocketWhoseRightsWereChanged) {
  const UniqueFd shared = *NewSocket(0);
  EXPECT_TRUE(InChild([&] {
                auto owner = EndpointOwner::Take(endpoint_);
                if (!owner.ok() || !Serve(*owner, shared)) return false;
                ::kill(::getpid(), SIGKILL);
                return true;
              }) == false);
  ASSERT_EQ(::chmod(endpoint_.address().c_str(), 0666), 0);
  ASSERT_TRUE(TakesConnections());
  EXPECT_TRUE(EndpointOwner::Take(endpoint_).ok());
}

TEST_F(RestartTest, LeavesASocketAloneThatCameAfterADeadOwners) {
  {
    ChildProcess server([&](const std::function<void()>& ready) {
      auto owner = EndpointOwner::Take(endpoint_);
      if (!owner.ok() || !Serve(*owner, *NewSocket(0))) ::_exit(1);
      ready();
      ::pause();
    });
    ASSERT_TRUE(server.ready());
  }
  ASSERT_EQ(::unlink(endpoint_.address().c_str()), 0);
  const UniqueFd other = *NewSocket(0);
  ASSERT_TRUE(Bind(other));
  ASSERT_EQ(::listen(other.get(), 8), 0);
  EXPECT_TRUE(IsTaken());
  EXPECT_TRUE(std::filesystem::exists(endpoint_.address()));
}

class RestartOnTest : public RestartTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(RestartOnTest, IsPossibleRightAfterAKill) {
  std::string reason;
  const auto transport = NewTransport(GetParam(), reason);
  if (transport == nullptr) GTEST_SKIP() << reason;
  for (int round = 0; round < 20; ++round) {
    ChildProcess server([&](const std::function<void()>& ready) {
      Acceptor acceptor;
      const auto loop = transport->NewLoop();
      if (!loop.ok()) ::_exit(1);
      const auto listener = transport->Listen(**loop, endpoint_, {}, acceptor);
      if (!listener.ok()) ::_exit(1);
      (*loop)->Post(ready);
      (*loop)->Run();
    });
    ASSERT_TRUE(server.ready());
    const auto client = transport->Connect(endpoint_, {.deadline = Soon()});
    ASSERT_TRUE(client.ok()) << client.status();
    server.Kill();
    const auto owner = EndpointOwner::Take(endpoint_);
    ASSERT_TRUE(owner.ok()) << owner.status() << " in round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(On, RestartOnTest, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

TEST_F(RestartTest, IsNotInTheWayOfAChildOfTheDeadServer) {
  int until_end[2];
  ASSERT_EQ(::pipe(until_end), 0);
  ChildProcess server([&](const std::function<void()>& ready) {
    auto owner = EndpointOwner::Take(endpoint_);
    const UniqueFd fd = *NewSocket(0);
    if (!owner.ok() || !Serve(*owner, fd)) ::_exit(1);
    if (::fork() == 0) {  // It has all that its parent had open.
      char byte = 0;
      ::close(until_end[1]);
      ::_exit(static_cast<int>(::read(until_end[0], &byte, 1)));
    }
    ready();
    ::pause();
  });
  ASSERT_TRUE(server.ready());
  EXPECT_TRUE(IsTaken());
  server.Kill();
  ASSERT_TRUE(TakesConnections());  // The child has the socket.
  EXPECT_TRUE(EndpointOwner::Take(endpoint_).ok());
  ::close(until_end[0]);
  ::close(until_end[1]);
}

TEST_F(RestartTest, LeavesTheParentsEndpointAloneInAChild) {
  auto owner = EndpointOwner::Take(endpoint_);
  ASSERT_TRUE(owner.ok());
  const UniqueFd fd = *NewSocket(0);
  ASSERT_TRUE(Serve(*owner, fd));
  EXPECT_TRUE(InChild([&] {
    owner->Release();
    return IsTaken();
  }));
  EXPECT_TRUE(InChild([&] { return IsTaken(); }));
  EXPECT_TRUE(std::filesystem::exists(endpoint_.address()));
  EXPECT_TRUE(std::filesystem::exists(lock_path_));
}

// A second look at the file in the same process would give up the lock of the first.
TEST_F(RestartTest, HoldsTheEndpointThoughItsOwnProcessTriesAgain) {
  const std::filesystem::path other_name = folder_.path() / "link";
  std::filesystem::create_directory_symlink(folder_.path(), other_name);
  const auto owner = EndpointOwner::Take(endpoint_);
  ASSERT_TRUE(owner.ok());
  EXPECT_TRUE(IsTaken());
  EXPECT_THAT(TextOf((other_name / "s").string()),
              HasSubstr("ALREADY_EXISTS: a server is already running"));
  EXPECT_TRUE(InChild([&] { return IsTaken(); }));
}

TEST_F(RestartTest, FreesTheEndpointForTheSameProcess) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(EndpointOwner::Take(endpoint_).ok());
}

TEST_F(RestartTest, LocksTheFileThatIsThereAndNotARemovedOne) {
  const auto old = LockFile::Take(lock_path_);
  ASSERT_TRUE(old.ok());
  EXPECT_TRUE((*old)->InPlace());
  ASSERT_EQ(::unlink(lock_path_.c_str()), 0);
  EXPECT_FALSE((*old)->InPlace());
  const auto fresh = LockFile::Take(lock_path_);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_TRUE((*fresh)->InPlace());
  EXPECT_TRUE(InChild([&] { return absl::IsAlreadyExists(LockFile::Take(lock_path_).status()); }));
}

TEST_F(RestartTest, NamesAMissingFolderAndWhatToDo) {
  const std::string missing = (folder_.path() / "missing").string();
  EXPECT_THAT(TextOf(missing + "/s"),
              AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("the folder " + missing + " "),
                    HasSubstr("No such file or directory"), HasSubstr("create it"),
                    Not(HasSubstr(".lock"))));
}

TEST_F(RestartTest, NamesAFolderOfTheKernelThatTakesNoFiles) {
  if (::geteuid() != 0) GTEST_SKIP() << "who may not write there may hear that instead";
  EXPECT_THAT(TextOf("/proc/self/s"),
              AllOf(HasSubstr("FAILED_PRECONDITION"),
                    HasSubstr("cannot create files in the folder /proc/self: No such file"),
                    HasSubstr("choose another endpoint"), Not(HasSubstr("missing"))));
}

TEST_F(RestartTest, NamesAFileInPlaceOfTheFolder) {
  const std::string file = folder_.File("file");
  std::ofstream(file) << "";
  EXPECT_THAT(TextOf(file + "/s"), AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr(file),
                                         HasSubstr("Not a directory"), Not(HasSubstr(".lock"))));
}

TEST_F(RestartTest, NamesTheMissingFolderOfShortNames) {
  const std::string missing = (folder_.path() / "missing").string();
  ::setenv("XDG_RUNTIME_DIR", missing.c_str(), 1);
  EXPECT_THAT(TextOf("demo"),
              AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("the folder " + missing + " "),
                    HasSubstr("No such file or directory")));
  ::unsetenv("XDG_RUNTIME_DIR");
}

TEST_F(RestartTest, NamesALockFileThatIsNotAnOrdinaryOne) {
  ASSERT_EQ(::mkfifo(lock_path_.c_str(), 0600), 0);
  EXPECT_THAT(TextOf(endpoint_.address()),
              AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr(lock_path_)));
  std::filesystem::remove(lock_path_);
  std::filesystem::create_directory(lock_path_);
  EXPECT_THAT(TextOf(endpoint_.address()),
              AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr(lock_path_)));
}

// Each refusal by its own name: only a lock that is held means a live server.
TEST_F(RestartTest, DoesNotTakeARefusedLockForALiveServer) {
  if (!CanRefuseCalls()) GTEST_SKIP() << kCannotRefuseCalls;
  const auto with = [&](int error, const std::string& text) {
    return InChild([&] {
      if (!RefuseCalls({{SYS_fcntl, error, F_SETLK}})) return false;
      return TextOf(endpoint_.address()).find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(with(ENOLCK, "No locks available"));
  EXPECT_TRUE(with(EIO, "Input/output error"));
  EXPECT_TRUE(with(EAGAIN, "a server is already running"));
  EXPECT_TRUE(with(EACCES, "a server is already running"));
}

// The lock file gets the last descriptor, and there is none for a look at the socket.
TEST_F(RestartTest, DoesNotTakeAWantOfDescriptorsForALiveServer) {
  ASSERT_TRUE(Bind(*NewSocket(0)));
  EXPECT_TRUE(InChild([&] {
    const int next = ::dup(0);
    ::close(next);
    const rlimit limit = {.rlim_cur = static_cast<rlim_t>(next) + 1,
                          .rlim_max = static_cast<rlim_t>(next) + 1};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    return absl::IsResourceExhausted(EndpointOwner::Take(endpoint_).status());
  }));
}

// A child has none of the threads that may be taking, or giving back, a lock at that moment.
TEST_F(RestartTest, CanBeDoneInAChildWhileOthersTakeEndpoints) {
  if (kChildMayHang) GTEST_SKIP() << kWhyChildMayHang;
  std::atomic<bool> enough = false;
  std::vector<std::jthread> takers;
  for (int i = 0; i < 4; ++i) {
    takers.emplace_back([&, path = folder_.File("taken" + std::to_string(i))] {
      while (!enough) EXPECT_TRUE(LockFile::Take(path).ok());
    });
  }
  for (int i = 0; i < 50 && !HasFailure(); ++i) {
    EXPECT_TRUE(InChild([&] { return EndpointOwner::Take(endpoint_).ok(); })) << i;
  }
  enough = true;
}

}  // namespace
}  // namespace piperpc::transport
