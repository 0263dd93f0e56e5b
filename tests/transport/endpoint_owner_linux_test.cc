// What is Linux's own about endpoints: lock, dead sockets, private directories, modes, users.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "child_process_linux.h"
#include "harness.h"
#include "src/transport/linux/connect.h"
#include "src/transport/linux/endpoint_owner.h"
#include "src/transport/linux/peer.h"
#include "src/transport/linux/socket.h"

namespace piperpc::transport {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

mode_t ModeOf(const std::string& path) {
  struct stat file = {};
  EXPECT_EQ(::stat(path.c_str(), &file), 0) << path;
  return file.st_mode & 07777;
}

// Short names live under XDG_RUNTIME_DIR, which is set to a scratch folder here.
class EndpointOwnerTest : public ::testing::Test {
 protected:
  EndpointOwnerTest() {
    ::setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1);
    loop_.Start();
  }
  ~EndpointOwnerTest() override { ::unsetenv("XDG_RUNTIME_DIR"); }

  UniqueFd BindRaw(int flags = 0) {
    UniqueFd fd = *NewSocket(flags);
    const sockaddr_un address = SocketAddress(endpoint_.address());
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }
  bool SocketFileExists() { return std::filesystem::exists(endpoint_.address()); }

  ScratchFolder folder_;
  const Endpoint endpoint_ = folder_.endpoint();
  Transport& transport_ = **SystemTransport("epoll");
  LoopThread loop_{transport_};
};

TEST_F(EndpointOwnerTest, ReplacesASocketThatNobodyListensOn) {
  BindRaw().Reset();
  ASSERT_TRUE(SocketFileExists());
  Server server(transport_, loop_, endpoint_);
  EXPECT_TRUE(server.status().ok()) << server.status();
}

TEST_F(EndpointOwnerTest, LeavesALiveSocketWithoutALockAlone) {
  const UniqueFd other = BindRaw();
  ASSERT_EQ(::listen(other.get(), 8), 0);
  Server server(transport_, loop_, endpoint_);
  EXPECT_EQ(server.status().code(), absl::StatusCode::kAlreadyExists) << server.status();
  EXPECT_TRUE(SocketFileExists());
}

// As that of a server that was killed: the kernel needs a moment, and the lock says nothing of it.
TEST_F(EndpointOwnerTest, WaitsForTheEndOfASocketThatIsDying) {
  UniqueFd other = BindRaw();
  ASSERT_EQ(::listen(other.get(), 8), 0);
  std::thread dies([&other] {
    ::accept(other.get(), nullptr, nullptr);  // Somebody has looked at it.
    other.Reset();
  });
  EXPECT_TRUE(EndpointOwner::Take(endpoint_).ok());
  dies.join();
}

TEST_F(EndpointOwnerTest, LeavesAFileThatIsNoSocketAlone) {
  std::ofstream(endpoint_.address()) << "precious";
  Server server(transport_, loop_, endpoint_);
  EXPECT_EQ(server.status().code(), absl::StatusCode::kAlreadyExists) << server.status();
  EXPECT_THAT(std::string(server.status().message()),
              EndsWith("is not a socket; choose another endpoint"));
  EXPECT_TRUE(SocketFileExists());
}

TEST_F(EndpointOwnerTest, AFileThatIsNoSocketIsNoServerToWaitFor) {
  std::ofstream(endpoint_.address()) << "precious";
  const absl::Status status =
      ConnectSocket(endpoint_, ConnectOptions{.deadline = base::kNever}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("(it is not a socket)"));
}

TEST_F(EndpointOwnerTest, TakesALockFileThatNobodyHolds) {
  std::ofstream(endpoint_.address() + ".lock") << "";
  EXPECT_TRUE(EndpointOwner::Take(endpoint_).ok());
}

TEST_F(EndpointOwnerTest, TakesOverFromAProcessThatWasKilled) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto owner = EndpointOwner::Take(endpoint_);
    const UniqueFd fd = BindRaw();
    ::listen(fd.get(), 8);
    const char result = owner.ok() ? 'y' : 'n';
    if (::write(ready[1], &result, 1) == 1) ::pause();
    ::_exit(0);
  }
  char result = 0;
  ASSERT_EQ(::read(ready[0], &result, 1), 1);
  EXPECT_EQ(result, 'y');
  EXPECT_EQ(EndpointOwner::Take(endpoint_).status().code(), absl::StatusCode::kAlreadyExists);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(SocketFileExists());
  EXPECT_TRUE(EndpointOwner::Take(endpoint_).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(EndpointOwnerTest, IsOneOfTwentyThatStartAtOnce) {
  int go[2];
  int done[2];
  ASSERT_EQ(::pipe(go), 0);
  ASSERT_EQ(::pipe(done), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 20; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    char byte = 0;
    ::close(go[1]);
    ::close(done[0]);
    if (::read(go[0], &byte, 1) != 0) ::_exit(2);  // Ends for all at once.
    const auto owner = EndpointOwner::Take(endpoint_);
    const char result = owner.ok() ? 'y' : 'n';
    if (::write(done[1], &result, 1) != 1) ::_exit(2);
    ::pause();  // An owner keeps what it has.
  }
  ::close(go[0]);
  ::close(go[1]);
  std::string results;
  for (int i = 0; i < 20; ++i) {
    char result = 0;
    ASSERT_EQ(::read(done[0], &result, 1), 1);
    results += result;
  }
  EXPECT_EQ(std::count(results.begin(), results.end(), 'y'), 1) << results;
  for (const pid_t child : children) ::kill(child, SIGKILL);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  ::close(done[0]);
  ::close(done[1]);
}

TEST_F(EndpointOwnerTest, RemovesItsSocketAndNobodyElses) {
  const UniqueFd other = BindRaw();
  ASSERT_EQ(::listen(other.get(), 8), 0);
  const std::string aside = endpoint_.address() + ".other";
  ASSERT_EQ(::rename(endpoint_.address().c_str(), aside.c_str()), 0);
  Server server(transport_, loop_, endpoint_);
  ASSERT_TRUE(server.status().ok());
  ASSERT_EQ(::rename(aside.c_str(), endpoint_.address().c_str()), 0);
  server.Close();
  EXPECT_TRUE(SocketFileExists());
}

TEST_F(EndpointOwnerTest, MakesAPrivateDirectoryForAShortName) {
  const Endpoint endpoint = *Endpoint::Parse("demo");
  Server server(transport_, loop_, endpoint);
  ASSERT_TRUE(server.status().ok()) << server.status();
  EXPECT_EQ(ModeOf((folder_.path() / "piperpc").string()), 0700u);
  EXPECT_EQ(ModeOf(endpoint.address()), 0600u);
}

TEST_F(EndpointOwnerTest, RefusesADirectoryThatOthersMayEnter) {
  const std::string directory = (folder_.path() / "piperpc").string();
  ASSERT_EQ(::mkdir(directory.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory.c_str(), 0755), 0);
  Server server(transport_, loop_, *Endpoint::Parse("demo"));
  EXPECT_EQ(server.status().code(), absl::StatusCode::kPermissionDenied);
  const std::string text(server.status().message());
  EXPECT_THAT(text, HasSubstr(directory));
  EXPECT_THAT(text, HasSubstr("0755"));
}

TEST_F(EndpointOwnerTest, RefusesALinkInPlaceOfItsDirectory) {
  std::filesystem::create_directory(folder_.path() / "elsewhere");
  std::filesystem::create_directory_symlink(folder_.path() / "elsewhere",
                                            folder_.path() / "piperpc");
  Server server(transport_, loop_, *Endpoint::Parse("demo"));
  EXPECT_EQ(server.status().code(), absl::StatusCode::kPermissionDenied) << server.status();
}

TEST_F(EndpointOwnerTest, RefusesADirectoryOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  const std::string directory = (folder_.path() / "piperpc").string();
  ASSERT_EQ(::mkdir(directory.c_str(), 0700), 0);
  ASSERT_EQ(::chown(directory.c_str(), kNobody, kNobody), 0);
  Server server(transport_, loop_, *Endpoint::Parse("demo"));
  EXPECT_EQ(server.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("65534"));
}

TEST_F(EndpointOwnerTest, SetsTheModeThatThePresetSays) {
  using Preset = Access::Preset;
  const std::vector<std::pair<Access, mode_t>> cases = {
      {{.preset = Preset::kOwner, .raw = ""}, 0600},
      {{.preset = Preset::kGroup, .raw = ""}, 0660},
      {{.preset = Preset::kAuthenticatedUsers, .raw = ""}, 0666},
      {{.preset = Preset::kRaw, .raw = "0640"}, 0640},
  };
  for (const auto& [access, mode] : cases) {
    Server server(transport_, loop_, endpoint_, {.access = access});
    ASSERT_TRUE(server.status().ok()) << server.status();
    EXPECT_EQ(ModeOf(endpoint_.address()), mode);
  }
}

TEST_F(EndpointOwnerTest, RefusesARawAccessThatIsNoMode) {
  for (const char* raw : {"", "rw", "0680", "07777", "D:P(A;;GA;;;SY)"}) {
    Server server(transport_, loop_, endpoint_,
                  {.access = {.preset = Access::Preset::kRaw, .raw = raw}});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << raw;
  }
}

TEST_F(EndpointOwnerTest, RefusesARawAccessThatLetsNobodyConnect) {
  for (const char* raw : {"0", "0000", "0444", "0111", "0555"}) {
    Server server(transport_, loop_, endpoint_,
                  {.access = {.preset = Access::Preset::kRaw, .raw = raw}});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << raw;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("nobody could connect"));
  }
}

TEST_F(EndpointOwnerTest, RefusesAccessForOthersBehindAPrivateDirectory) {
  Server server(transport_, loop_, *Endpoint::Parse("demo"),
                {.access = {.preset = Access::Preset::kGroup, .raw = ""}});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition) << server.status();
}

TEST_F(EndpointOwnerTest, RefusesToListenForOtherMachines) {
  Server server(transport_, loop_, endpoint_, {.access = {.remote_clients = true}});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition) << server.status();
}

TEST_F(EndpointOwnerTest, TellsThatADirectoryIsMissing) {
  const Endpoint endpoint = *Endpoint::Parse((folder_.path() / "missing" / "s").string());
  Server server(transport_, loop_, endpoint);
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition) << server.status();
}

TEST_F(EndpointOwnerTest, RefusesAnotherUserUnlessAllAreWelcome) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  const auto connect_as_nobody = [&] {
    return InChild([&] {
      return ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0 &&
             transport_.Connect(endpoint_, {.deadline = Soon()}).status().code() ==
                 absl::StatusCode::kPermissionDenied;
    });
  };
  {
    Server server(transport_, loop_, endpoint_);
    EXPECT_TRUE(connect_as_nobody());
  }
  Server server(transport_, loop_, endpoint_,
                {.access = {.preset = Access::Preset::kAuthenticatedUsers, .raw = ""}});
  EXPECT_FALSE(connect_as_nobody());
  EXPECT_EQ(server.acceptor().WaitPipe()->peer().user, "uid:65534");
}

TEST_F(EndpointOwnerTest, ASocketThatKeepsNoMessageBoundariesIsNoServer) {
  const UniqueFd stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = SocketAddress(endpoint_.address());
  ASSERT_EQ(::bind(stream.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(stream.get(), 8), 0);
  const absl::Status status = transport_.Connect(endpoint_, {.deadline = Soon()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(endpoint_.address() + " is not a PipeRPC server"));
}

TEST(PeerRuleTest, TrustsAShortNameServedByOneselfOrRootOnly) {
  const Endpoint name = *Endpoint::Parse("demo");
  EXPECT_TRUE(CheckServer(name, 1000, 1000).ok());
  EXPECT_TRUE(CheckServer(name, 0, 1000).ok());
  const absl::Status status = CheckServer(name, 1001, 1000);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1001"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("uid 1000"));
  EXPECT_TRUE(CheckServer(*Endpoint::Parse("/run/demo/s"), 1001, 1000).ok());
}

// The listener runs in this process, whose descriptors run out; the clients have theirs already.
TEST_F(EndpointOwnerTest, SurvivesWhenDescriptorsRunOut) {
  Server server(transport_, loop_, endpoint_);
  ASSERT_TRUE(server.status().ok());
  auto pipe = transport_.Connect(endpoint_, {.deadline = Soon()});
  ASSERT_TRUE(pipe.ok());
  const std::unique_ptr<Pipe> first = server.acceptor().WaitPipe();
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  UniqueFd second = *NewSocket(0);
  const rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const sockaddr_un address = SocketAddress(endpoint_.address());
  EXPECT_EQ(::connect(second.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            0);
  EXPECT_EQ(server.acceptor().WaitError().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(server.acceptor().empty());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_NE(server.acceptor().WaitPipe(), nullptr);
}

// What does not fit into the contract's packet is told as such, and not cut.
TEST_F(EndpointOwnerTest, TellsAPacketThatIsTooLarge) {
  for (const char* name : {"epoll", "io_uring"}) {
    std::string reason;
    const auto transport = NewTransport(name, reason);
    if (transport == nullptr) continue;
    LoopThread loop(*transport);
    loop.Start();
    Server server(*transport, loop, endpoint_);
    for (const bool attached : {true, false}) {
      const UniqueFd client = *NewSocket(0);
      const sockaddr_un address = SocketAddress(endpoint_.address());
      ASSERT_EQ(
          ::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
      ASSERT_TRUE(SetSendBuffer(client.get()).ok());
      End end(server.acceptor().WaitPipe());
      const std::string large = Pattern(kMaxPacketBytes + 1);
      ASSERT_EQ(::send(client.get(), large.data(), large.size(), 0),
                static_cast<ssize_t>(large.size()));
      if (attached) {
        end.Attach(loop);
        end.Receive();
        EXPECT_EQ(end.WaitError().code(), absl::StatusCode::kOutOfRange) << name;
      } else {
        EXPECT_EQ(end.ReceiveUntil(Soon()).status().code(), absl::StatusCode::kOutOfRange);
      }
      end.Close();
    }
  }
}

TEST(SystemTransportTest, KnowsItsBackends) {
  EXPECT_EQ((*SystemTransport("epoll"))->name(), "epoll");
  EXPECT_TRUE(SystemTransport("auto").ok());
  const absl::Status status = SystemTransport("carrier pigeon").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("epoll"));
}

}  // namespace
}  // namespace piperpc::transport
