// Servers and channels on sockets that somebody else has opened, on each backend.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "piperpc/client.h"
#include "piperpc/in_process.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/io_thread.h"
#include "piperpc/peer.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/endpoints.h"
#include "support/eventually.h"
#include "support/loop_blocker.h"
#include "support/open_sockets_linux.h"
#include "support/scratch_folder.h"
#include "support/test_service.h"

namespace piperpc::testing {
namespace {

using internal::ClientMethod;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};
constexpr ClientMethod kWait{"test.v1.Test/Wait", MethodType::kUnary};

RawResult Echo(Channel& channel, const std::string& text) {
  return internal::CallUnary<RawMessage>(channel, kEcho, RawMessage{text}, CallOptions());
}

void ExpectEcho(Channel& channel, const std::string& text) {
  const RawResult reply = Echo(channel, text);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->bytes, text);
}

class OpenSockets : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    Server probe(ServerOptions{.backend = GetParam()});
    const absl::Status status = probe.Start(UniqueEndpoint());
    if (absl::IsFailedPrecondition(status)) GTEST_SKIP() << status;
  }

  std::unique_ptr<Server> NewServer(ServerOptions options = {}) {
    options.backend = GetParam();
    auto server = std::make_unique<Server>(std::move(options));
    EXPECT_TRUE(server->AddService(service_.service()).ok());
    return server;
  }

  std::unique_ptr<Server> Serve(std::vector<OpenSocket> sockets, ServerOptions options = {}) {
    auto server = NewServer(std::move(options));
    const absl::Status status = server->StartOn(std::move(sockets));
    EXPECT_TRUE(status.ok()) << status;
    return server;
  }

  ChannelOptions Options() const {
    return {.backend = GetParam(), .default_timeout = std::chrono::minutes(1)};
  }

  TestService service_;
  const ScratchFolder folder_;
  const std::string path_ = folder_.File("s");
};

// --- Listening. ---

TEST_P(OpenSockets, AServerTakesClientsFromOneThatListens) {
  const auto server = Serve(AsVector(Take(ListenAt(path_))));
  const auto channel = Connect(path_, Options());
  ExpectEcho(*channel, "a");
  EXPECT_EQ(channel->peer()->pid, ::getpid());
}

// As a service manager may that gives the socket to another service, too.
TEST_P(OpenSockets, AServerGoesOnWhereSomebodyLetsItsSocketBlock) {
  UniqueFd listening = ListenAt(path_);
  const UniqueFd held(::dup(listening.get()));
  const auto server = Serve(AsVector(Take(std::move(listening))));
  ASSERT_EQ(::fcntl(held.get(), F_SETFL, 0), 0);
  for (int i = 0; i < 40; ++i) ExpectEcho(*Connect(path_, Options()), "a");
  EXPECT_TRUE(server->CheckLoops(std::chrono::seconds(20)).ok());
}

TEST_P(OpenSockets, AServerTakesClientsFromAllThatListen) {
  const auto server =
      Serve(AsVector(Take(ListenAt(path_)), Take(ListenAt(folder_.File("t")))), {.event_loops = 2});
  ExpectEcho(*Connect(path_, Options()), "s");
  ExpectEcho(*Connect(folder_.File("t"), Options()), "t");
}

TEST_P(OpenSockets, AServerLeavesFileAndModeAndMakesNoLock) {
  UniqueFd fd = ListenAt(path_);
  ASSERT_EQ(::chmod(path_.c_str(), 0620), 0);
  auto server = Serve(AsVector(Take(std::move(fd))));
  ExpectEcho(*Connect(path_, Options()), "a");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".lock"));
  server->Shutdown(milliseconds(0));
  server.reset();
  struct stat file = {};
  ASSERT_EQ(::stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, mode_t{0620});
}

TEST_P(OpenSockets, WhoWaitsAtOneThatListensIsServedByTheNextServer) {
  const UniqueFd manager = ListenAt(path_);  // Which keeps it open from one to the next.
  auto first = Serve(AsVector(Take(UniqueFd(::dup(manager.get())))));
  ExpectEcho(*Connect(path_, Options()), "first");
  first->Shutdown(milliseconds(0));
  first.reset();

  const auto channel = Connect(path_, Options());
  std::promise<RawResult> ended;
  internal::StartUnary<RawMessage>(*channel, kEcho, RawMessage{"waits"}, {},
                                   [&ended](RawResult reply) { ended.set_value(reply); });
  std::future<RawResult> reply = ended.get_future();
  // It is connected, by the kernel, before anybody takes it.
  ASSERT_TRUE(Eventually([&] { return channel->connections_made() == 1; }));
  const auto second = Serve(AsVector(Take(UniqueFd(::dup(manager.get())))));
  ASSERT_TRUE(Arrives(reply));
  const RawResult result = reply.get();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->bytes, "waits");
}

TEST_P(OpenSockets, AChannelOfAServerThatEndsGoesOnWithTheNextOne) {
  const UniqueFd manager = ListenAt(path_);
  const auto channel = Connect(path_, Options());
  for (const char* text : {"first", "second", "third"}) {
    const auto server = Serve(AsVector(Take(UniqueFd(::dup(manager.get())))));
    ExpectEcho(*channel, text);
    server->Shutdown(std::chrono::seconds(5));
  }
  EXPECT_EQ(channel->connections_made(), 3u);
}

TEST_P(OpenSockets, TheModeOfAFileIsNotForTheServerToSet) {
  const auto server = NewServer({.access = {.preset = Access::Preset::kRaw, .raw = "0666"}});
  const absl::Status status = server->StartOn(AsVector(Take(ListenAt(path_))));
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("SocketMode="));
}

// --- Connected. ---

TEST_P(OpenSockets, AChannelAndAServerShareASocketPair) {
  auto [ours, theirs] = NewSocketPair();
  const auto server = Serve(AsVector(Take(std::move(theirs))));
  const auto channel = ConnectOver(Take(std::move(ours)), Options());
  ExpectEcho(*channel, "a");
  ExpectEcho(*channel, std::string(3 << 20, 'x'));
  EXPECT_EQ(channel->peer()->user, OwnPeer().user);
  EXPECT_EQ(channel->connections_made(), 1u);
}

TEST_P(OpenSockets, AServerHasSeveralClientsThatWereHandedOver) {
  auto [one, one_served] = NewSocketPair();
  auto [two, two_served] = NewSocketPair();
  const auto server = Serve(
      AsVector(Take(std::move(one_served)), Take(ListenAt(path_)), Take(std::move(two_served))),
      {.event_loops = 2});
  ExpectEcho(*ConnectOver(Take(std::move(one)), Options()), "one");
  ExpectEcho(*ConnectOver(Take(std::move(two)), Options()), "two");
  ExpectEcho(*Connect(path_, Options()), "three");
}

TEST_P(OpenSockets, AChannelWhoseServerHasGoneSaysThatItCannotComeBack) {
  auto [ours, theirs] = NewSocketPair();
  auto server = Serve(AsVector(Take(std::move(theirs))));
  ChannelOptions options = Options();
  options.wait_for_ready = std::chrono::hours(1);
  const auto channel = ConnectOver(Take(std::move(ours)), options);
  ExpectEcho(*channel, "a");
  server->Shutdown(milliseconds(0));
  const absl::Status status = Echo(*channel, "b").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot be made again"));
}

TEST_P(OpenSockets, ACallInFlightEndsWithTheServer) {
  auto [ours, theirs] = NewSocketPair();
  auto server = Serve(AsVector(Take(std::move(theirs))));
  const auto channel = ConnectOver(Take(std::move(ours)), Options());
  std::promise<absl::Status> ended;
  internal::StartUnary<RawMessage>(*channel, kWait, RawMessage{}, {}, [&](const RawResult& reply) {
    ended.set_value(reply.status());
  });
  std::future<absl::Status> status = ended.get_future();
  ASSERT_TRUE(Eventually([&] { return server->stats().calls == 1; }));
  server->Shutdown(milliseconds(0));
  ASSERT_TRUE(Arrives(status));
  EXPECT_TRUE(absl::IsUnavailable(status.get()));
}

TEST_P(OpenSockets, AServerNoticesThatItsLastClientHasGone) {
  auto [one, one_served] = NewSocketPair();
  auto [two, two_served] = NewSocketPair();
  const auto server =
      Serve(AsVector(Take(std::move(one_served)), Take(std::move(two_served))), {.event_loops = 2});
  std::future<absl::Status> alone =
      std::async(std::launch::async, [&] { return server->WaitForLastClient(); });
  auto channel = ConnectOver(Take(std::move(one)), Options());
  ExpectEcho(*channel, "a");
  two.Reset();  // Without a word.
  EXPECT_EQ(alone.wait_for(milliseconds(0)), std::future_status::timeout);
  channel.reset();
  ASSERT_TRUE(Arrives(alone));
  const absl::Status status = alone.get();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(OpenSockets, AClientThatWasHandedOverAndHasGoneIsWaitedForNoMore) {
  auto [ours, theirs] = NewSocketPair();
  ours.Reset();
  const auto server = Serve(AsVector(Take(std::move(theirs))));
  EXPECT_TRUE(server->WaitForLastClient().ok());
}

// What main() of a plug-in does.
absl::Status ServeHost(Service& service, int descriptor) {
  absl::StatusOr<OpenSocket> host = OpenSocket::Take(descriptor, "host");
  if (!host.ok()) return host.status();
  std::vector<OpenSocket> sockets;
  sockets.push_back(*std::move(host));

  Server server;
  absl::Status status = server.AddService(service);
  if (status.ok()) status = server.StartOn(std::move(sockets));
  if (status.ok()) status = server.WaitForLastClient();
  return status;
}

// What its host does. `start`: starts the plug-in, with a copy of that descriptor.
absl::StatusOr<std::shared_ptr<Channel>> StartPlugIn(const std::function<void(int)>& start) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "socketpair");
  }
  start(ends[1]);
  ::close(ends[1]);
  absl::StatusOr<OpenSocket> plug_in = OpenSocket::Take(ends[0], "plug-in");
  if (!plug_in.ok()) return plug_in.status();
  return ConnectOver(*std::move(plug_in));
}

TEST(PlugInTest, ServesItsHostAndEndsWithIt) {
  TestService service;
  std::future<absl::Status> plug_in;
  auto channel = StartPlugIn([&](int descriptor) {
    plug_in = std::async(std::launch::async, [&service, own = ::dup(descriptor)] {
      return ServeHost(service.service(), own);
    });
  });
  ASSERT_TRUE(channel.ok()) << channel.status();
  ExpectEcho(**channel, "a");
  channel->reset();
  ASSERT_TRUE(Arrives(plug_in));
  const absl::Status ended = plug_in.get();
  EXPECT_TRUE(ended.ok()) << ended;
}

TEST_P(OpenSockets, SeveralChannelsShareAThread) {
  auto thread = StartIoThread({.backend = GetParam()});
  ASSERT_TRUE(thread.ok()) << thread.status();
  auto [one, one_served] = NewSocketPair();
  auto [two, two_served] = NewSocketPair();
  const auto server = Serve(AsVector(Take(std::move(one_served)), Take(std::move(two_served))));
  ChannelOptions options = Options();
  options.io_thread = *thread;
  ExpectEcho(*ConnectOver(Take(std::move(one)), options), "one");
  ExpectEcho(*ConnectOver(Take(std::move(two)), options), "two");
}

TEST_P(OpenSockets, AHandedOverClientAboveTheLimitIsToldSo) {
  auto [one, one_served] = NewSocketPair();
  auto [two, two_served] = NewSocketPair();
  const auto server = Serve(AsVector(Take(std::move(one_served)), Take(std::move(two_served))),
                            {.max_connections = 1});
  ExpectEcho(*ConnectOver(Take(std::move(one)), Options()), "one");
  const absl::Status status = Echo(*ConnectOver(Take(std::move(two)), Options()), "two").status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

// --- Mistakes. ---

TEST_P(OpenSockets, AServerWithoutASocketDoesNotStart) {
  const absl::Status status = NewServer()->StartOn({});
  EXPECT_EQ(status,
            absl::InvalidArgumentError("StartOn() was given no socket; give it one at least, "
                                       "or call Start() with an endpoint"));
}

TEST_P(OpenSockets, AChannelOverASocketThatListensSaysWhatItIsFor) {
  const absl::Status status =
      ConnectOver(Take(ListenAt(path_)), Options())->WaitUntilReady(std::chrono::minutes(1));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("is listening; a channel needs a socket that is connected. Serve this one "
                        "with Server::StartOn()"));
}

TEST_P(OpenSockets, ASocketIsUsedOnce) {
  auto [ours, theirs] = NewSocketPair();
  OpenSocket socket = Take(std::move(ours));
  const OpenSocket elsewhere = std::move(socket);
  const absl::Status status =
      Echo(*ConnectOver(std::move(socket), Options()), "a").status();  // NOLINT
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("no descriptor any more"));
}

TEST_P(OpenSockets, AChannelOverOneThatListensSaysWhatToDo) {
  const auto channel = ConnectOver(Take(ListenAt(path_)), Options());
  const absl::Status status = Echo(*channel, "a").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("Server::StartOn()"));
}

TEST_P(OpenSockets, AnInProcessTransportHasNoUseForThem) {
  const auto in_process = NewInProcessTransport();
  Server server({.transport = in_process.get()});
  EXPECT_TRUE(absl::IsUnimplemented(server.StartOn(AsVector(Take(ListenAt(path_))))));
  auto [ours, theirs] = NewSocketPair();
  const auto channel = ConnectOver(Take(std::move(ours)), {.transport = in_process.get()});
  EXPECT_TRUE(absl::IsUnimplemented(Echo(*channel, "a").status()));
}

TEST_P(OpenSockets, AServerThatCouldNotStartStartsOnOthers) {
  auto server = NewServer({.access = {.preset = Access::Preset::kRaw, .raw = "0666"}});
  EXPECT_FALSE(server->StartOn(AsVector(Take(ListenAt(path_)))).ok());
  const absl::Status status = server->Start(folder_.File("t"));
  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(OpenSockets, WhatAServerCouldNotStartOnIsClosed) {
  auto [ours, theirs] = NewSocketPair();
  const auto server = NewServer({.access = {.preset = Access::Preset::kRaw, .raw = "0666"}});
  EXPECT_FALSE(server->StartOn(AsVector(Take(std::move(theirs)))).ok());
  char byte = 0;
  EXPECT_EQ(::recv(ours.get(), &byte, 1, MSG_DONTWAIT), 0);
}

// --- What a watchdog asks. ---

TEST_P(OpenSockets, LoopsAnswerWhileNothingBlocksThem) {
  const auto server = Serve(AsVector(Take(ListenAt(path_))), {.event_loops = 3});
  const absl::Status status = server->CheckLoops(std::chrono::minutes(1));
  EXPECT_TRUE(status.ok()) << status;
  server->Shutdown(milliseconds(0));
  EXPECT_TRUE(absl::IsFailedPrecondition(server->CheckLoops(milliseconds(1))));
  EXPECT_TRUE(absl::IsFailedPrecondition(server->WaitForLastClient()));
}

TEST_P(OpenSockets, ALoopThatIsBlockedIsNamed) {
  const auto blocker = std::make_shared<LoopBlocker>();
  const auto server =
      Serve(AsVector(Take(ListenAt(path_))), {.event_loops = 1, .middleware = {blocker}});
  std::thread caller([&] { ExpectEcho(*Connect(path_, Options()), "a"); });
  blocker->entered.get_future().wait();
  const absl::Status status = server->CheckLoops(milliseconds(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("no answer within 1 ms from event loop 1 of 1, with 1 calls"));
  blocker->go_on.set_value();
  caller.join();
}

TEST_P(OpenSockets, BeforeTheStartThereAreNoLoopsToAsk) {
  const auto server = NewServer();
  EXPECT_EQ(server->CheckLoops(milliseconds(1)),
            absl::FailedPreconditionError("CheckLoops() was called before the server was started"));
  EXPECT_EQ(server->WaitForLastClient(),
            absl::FailedPreconditionError(
                "WaitForLastClient() was called before the server was started"));
}

INSTANTIATE_TEST_SUITE_P(On, OpenSockets, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::testing
