// Listening and connecting.
#include <gmock/gmock.h>

#include "fixture.h"
#include "piperpc/peer.h"
#include "src/transport/admission.h"

namespace piperpc::transport {
namespace {

using ListenerTest = TransportTest;

TEST_P(ListenerTest, SeesWhoIsOnTheOtherSide) {
  Ends ends = NewEnds();
  EXPECT_EQ(ends.server->pipe().peer(), OwnPeer());
  EXPECT_EQ(ends.client->pipe().peer(), OwnPeer());
  EXPECT_GT(OwnPeer().pid, 0);
  EXPECT_FALSE(OwnPeer().user.empty());
}

TEST_P(ListenerTest, HandsClientsAboveTheLimitOutToBeToldSo) {
  Listen({.max_connections = 2});
  const std::unique_ptr<Pipe> clients[2] = {Connect(), Connect()};
  End first(server_->acceptor().WaitPipe());
  End second(server_->acceptor().WaitPipe());
  for (int i = 0; i < 3; ++i) {
    End third(Connect());
    auto [pipe, reason] = server_->acceptor().WaitRefused();
    EXPECT_EQ(reason.code(), absl::StatusCode::kResourceExhausted) << reason;
    EXPECT_THAT(std::string(reason.message()), ::testing::HasSubstr("2 connections"));
    End refused(std::move(pipe));
    refused.MustSend("no");
    refused.Close(CloseMode::kDrain);
    EXPECT_EQ(*third.ReceiveUntil(Soon()), "no");
  }
  EXPECT_TRUE(server_->acceptor().empty());
  first.Attach(*client_loop_);  // On another thread than the listener's.
  first.Close();
  End next(Connect());
  next.MustSend("served");
  End served(server_->acceptor().WaitPipe());
  EXPECT_EQ(*served.ReceiveUntil(Soon()), "served");
}

TEST_P(ListenerTest, ClosesClientsAtOnceThatAreTooManyToBeToldSo) {
  Listen({.max_connections = 1});
  const std::unique_ptr<Pipe> client = Connect();
  const std::unique_ptr<Pipe> first = server_->acceptor().WaitPipe();
  std::vector<std::unique_ptr<Pipe>> clients;
  std::vector<std::unique_ptr<Pipe>> refused;
  for (std::size_t i = 0; i < kMaxRefusedOfOneUser; ++i) {
    clients.push_back(Connect());
    refused.push_back(server_->acceptor().WaitRefused().first);
  }
  End excess(Connect());
  EXPECT_EQ(excess.ReceiveUntil(Soon()).status().code(), absl::StatusCode::kUnavailable);
  refused.pop_back();
  clients.push_back(Connect());
  EXPECT_NE(server_->acceptor().WaitRefused().first, nullptr);
}

TEST_P(ListenerTest, GivesNoPlaceToClientsThatItsDelegateDoesNotAdmit) {
  Listen({.max_connections = 1});
  server_->acceptor().verdict = absl::ResourceExhaustedError("too many of you");
  for (int i = 0; i < 3; ++i) {
    const std::unique_ptr<Pipe> client = Connect();
    EXPECT_EQ(server_->acceptor().WaitRefused().second, server_->acceptor().verdict);
  }
  server_loop_->Do([&] { server_->acceptor().verdict = absl::OkStatus(); });
  const std::unique_ptr<Pipe> client = Connect();
  EXPECT_NE(server_->acceptor().WaitPipe(), nullptr);
}

TEST_P(ListenerTest, TakesAPipeThatIsDestroyedForClosed) {
  Listen({.max_connections = 1});
  for (int i = 0; i < 5; ++i) {
    const std::unique_ptr<Pipe> client = Connect();
    EXPECT_NE(server_->acceptor().WaitPipe(), nullptr);
  }
}

TEST_P(ListenerTest, RefusesClientsThatFindNoRoomToWait) {
  Listen({.waiting_instances = 1});
  std::vector<std::unique_ptr<Pipe>> clients;
  absl::Status status;
  server_loop_->Do([&] {  // Meanwhile the listener takes nobody.
    while (status.ok() && clients.size() < 10) {
      auto pipe = TryConnect(base::After(std::chrono::milliseconds(50)));
      status = pipe.status();
      if (pipe.ok()) clients.push_back(*std::move(pipe));
    }
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(endpoint_.text()));
}

TEST_P(ListenerTest, IsMissedByAClientAtOnce) {
  const absl::Status status = TryConnect().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(endpoint_.text()));
}

TEST_P(ListenerTest, HasItsEndpointForItself) {
  Listen();
  Server second(*transport_, *client_loop_, endpoint_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
  const std::unique_ptr<Pipe> client = Connect();  // The first one is unharmed.
  EXPECT_NE(server_->acceptor().WaitPipe(), nullptr);
}

TEST_P(ListenerTest, LeavesTheEndpointFreeAndItsPipesAliveAfterClose) {
  for (int i = 0; i < 3; ++i) {
    Listen();
    End client(Connect());
    End server(server_->acceptor().WaitPipe());
    server_->Close();
    server.MustSend("pipes live on");
    EXPECT_EQ(*client.ReceiveUntil(Soon()), "pipes live on");
  }
}

TEST_P(ListenerTest, HandsOutOnCloseWhoHasConnectedBefore) {
  Listen({.waiting_instances = 2});
  std::vector<std::unique_ptr<Pipe>> waiting;
  server_loop_->Do([&] {  // Meanwhile the listener takes nobody.
    waiting.push_back(Connect());
    waiting.push_back(Connect());
    server_->BeginClose();
  });
  server_->Close();
  std::vector<std::unique_ptr<End>> servers;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    servers.push_back(std::make_unique<End>(server_->acceptor().WaitPipe()));
    servers.back()->MustSend("going away");
  }
  for (std::unique_ptr<Pipe>& pipe : waiting) {
    End client(std::move(pipe));
    EXPECT_EQ(*client.ReceiveUntil(Soon()), "going away");
  }
  for (const auto& server : servers) server->Close();  // On Windows a pipe has its name to its end.
  EXPECT_EQ(TryConnect().status().code(), absl::StatusCode::kUnavailable);
}

TEST_P(ListenerTest, SurvivesClientsThatConnectAndVanish) {
  Listen();
  for (int i = 0; i < 500; ++i) Connect();
  for (int i = 0; i < 500; ++i) server_->acceptor().WaitPipe();
  End client(Connect());
  End server(server_->acceptor().WaitPipe());
  client.MustSend("still here");
  EXPECT_EQ(*server.ReceiveUntil(Soon()), "still here");
}

TEST_P(ListenerTest, TakesClientsThatComeTogetherAfterThoseThatCameAlone) {
  constexpr std::size_t kTogether = 100;
  Listen({.waiting_instances = kTogether});
  for (int i = 0; i < 40; ++i) {
    Connect();
    server_->acceptor().WaitPipe();
  }
  std::vector<std::unique_ptr<Pipe>> clients;
  server_loop_->Do([&] {
    while (clients.size() < kTogether) clients.push_back(Connect());
  });
  for (std::size_t i = 0; i < kTogether; ++i) EXPECT_NE(server_->acceptor().WaitPipe(), nullptr);
}

TEST_P(ListenerTest, ServesManyClientsFromManyThreads) {
  Listen();
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        End client(Connect());
        client.MustSend("ask");
        EXPECT_EQ(*client.ReceiveUntil(Soon()), "answer");
      }
    });
  }
  for (int i = 0; i < kThreads * kEach; ++i) {
    End server(server_->acceptor().WaitPipe());
    EXPECT_EQ(*server.ReceiveUntil(Soon()), "ask");
    server.MustSend("answer");
    server.Close(CloseMode::kDrain);
  }
  for (std::thread& thread : threads) thread.join();
}

PIPERPC_FOR_EACH_TRANSPORT(ListenerTest);

}  // namespace
}  // namespace piperpc::transport
