// How the connections of several users share a loop.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "piperpc/raw_service.h"
#include "src/server/dispatcher.h"
#include "src/transport/memory/pipe.h"
#include "support/call_frames.h"
#include "support/send_packet.h"
#include "support/stepped_loop.h"
#include "support/stepped_server.h"

namespace piperpc {
namespace {

// A pipe whose peer is somebody else.
class PipeOf final : public transport::Pipe {
 public:
  PipeOf(std::string user, std::unique_ptr<Pipe> inner) : inner_(std::move(inner)) {
    peer_.user = std::move(user);
  }
  void Attach(transport::EventLoop& loop, Delegate& delegate) override {
    inner_->Attach(loop, delegate);
  }
  void Receive() override { inner_->Receive(); }
  absl::StatusOr<transport::SendResult> Send(std::span<const transport::Bytes> slices) override {
    return inner_->Send(slices);
  }
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override {
    return inner_->ReceiveUntil(buffer, deadline);
  }
  void Close(transport::CloseMode mode, absl::AnyInvocable<void()> closed) override {
    inner_->Close(mode, std::move(closed));
  }
  const Peer& peer() const override { return peer_; }

 private:
  const std::unique_ptr<Pipe> inner_;
  Peer peer_;
};

class UserRoundRobinTest : public ::testing::Test {
 protected:
  UserRoundRobinTest() {
    service_.AddUnary("Count", [this](ServerContext&, RawMessage request) {
      ++handled_[request.bytes];
      clock_.now += cost_;
      return Answer();
    });
    EXPECT_TRUE(dispatcher_.Add(service_).ok());
  }
  ~UserRoundRobinTest() override {
    clients_.clear();
    server_.loop().RunUntilIdle();
    EXPECT_TRUE(server_.empty());
  }

  // A connected client; what it sends is counted by its name.
  class Client {
   public:
    // No name: it says nothing, not even Hello. Else its first packet has `calls` requests, too.
    Client(std::unique_ptr<transport::Pipe> pipe, std::string name, int calls = 0)
        : pipe_(std::move(pipe)), name_(std::move(name)) {
      if (!name_.empty()) Send(testing::EncodedHello() + Requests(calls));
    }
    ~Client() { Close(); }
    void Close() {
      if (!std::exchange(closed_, true)) pipe_->Close(transport::CloseMode::kAbort, [] {});
    }

    // Requests, and what else, in one packet.
    void Call(int count = 1, std::string_view behind = "") {
      Send(Requests(count) + std::string(behind));
    }

   private:
    std::string Requests(int count) {
      std::string requests;
      for (int i = 0; i < count; ++i) {
        requests += testing::EncodedRequest(++last_id_, "share.v1.Share/Count", name_);
      }
      return requests;
    }
    void Send(const std::string& packet) { testing::SendPacket(*pipe_, packet); }

    const std::unique_ptr<transport::Pipe> pipe_;
    const std::string name_;
    std::uint64_t last_id_ = 0;
    bool closed_ = false;
  };

  Client& Connect(const std::string& user, const std::string& name) {
    Client& client = Join(user, name, 0);
    server_.loop().RunUntilIdle();
    return client;
  }

  // The loop has yet to see it.
  Client& Join(const std::string& user, const std::string& name, int calls) {
    auto [client, server] = transport::MemoryPipe::NewPair();
    server_.acceptor().OnConnect(std::make_unique<PipeOf>(user, std::move(server)));
    clients_.push_back(std::make_unique<Client>(std::move(client), name, calls));
    return *clients_.back();
  }

  // Connections of one user, with `packets` requests each, of which one was handled.
  std::vector<Client*> ConnectCrowd(int packets) {
    std::vector<Client*> crowd;
    for (int i = 0; i < kCrowd; ++i) crowd.push_back(&Connect("many", CrowdName(i)));
    for (Client* const client : crowd) {
      for (int i = 0; i < packets; ++i) client->Call();
    }
    RunUntil([this] { return HandledOfCrowd() >= kCrowd; });
    return crowd;
  }
  static std::string CrowdName(int i) { return "many" + std::to_string(i); }
  int HandledOfCrowd() {
    int sum = 0;
    for (int i = 0; i < kCrowd; ++i) sum += handled_[CrowdName(i)];
    return sum;
  }

  template <typename Condition>
  void RunUntil(Condition holds) {
    for (int left = 1000; left > 0 && !holds(); --left) server_.loop().RunOnce();
    EXPECT_TRUE(holds());
  }

  // Until so many are counted; in each iteration at most `part` more.
  template <typename Count>
  void RunInPartsUntil(int all, int part, Count count) {
    for (int left = 10'000; left > 0 && count() < all; --left) {
      const int before = count();
      server_.loop().RunOnce();
      ASSERT_LE(count() - before, part);
    }
    EXPECT_GE(count(), all);
  }

  static constexpr int kCrowd = 100;

  testing::ManualClock clock_;
  base::Duration cost_{};  // Of a call, in time.
  std::map<std::string, int, std::less<>> handled_;

 private:
  static Task<absl::StatusOr<RawMessage>> Answer() { co_return RawMessage("done"); }

  RawService service_{"share.v1.Share"};
  server::Dispatcher dispatcher_;

 protected:
  std::set<std::string> reasons_;  // Why the server has ended connections, by its log.
  testing::SteppedServer server_{{.log =
                                      [this](const LogRecord& record) {
                                        for (const auto& [key, value] : record.fields) {
                                          if (key == "reason") reasons_.insert(value);
                                        }
                                      }},
                                 dispatcher_,
                                 clock_};

 private:
  std::vector<std::unique_ptr<Client>> clients_;
};

TEST_F(UserRoundRobinTest, AUserWithManyBusyConnectionsLeavesRoomForAnother) {
  Client& other = Connect("one", "other");
  ConnectCrowd(10);
  const int before = HandledOfCrowd();
  other.Call();
  RunUntil([this] { return handled_["other"] != 0; });
  EXPECT_LE(HandledOfCrowd() - before, 20);
  server_.loop().RunUntilIdle();
  EXPECT_EQ(HandledOfCrowd(), 10 * kCrowd);
}

TEST_F(UserRoundRobinTest, TheConnectionsOfAUserAreServedOneAfterTheOther) {
  Connect("one", "other");
  ConnectCrowd(10);
  for (int round = 0; round < 100; ++round) {
    server_.loop().RunOnce();
    int least = 10;
    int most = 0;
    for (int i = 0; i < kCrowd; ++i) {
      least = std::min(least, handled_[CrowdName(i)]);
      most = std::max(most, handled_[CrowdName(i)]);
    }
    ASSERT_LE(most - least, 2);  // Of those that came first, not all had their part at once.
  }
}

TEST_F(UserRoundRobinTest, OneUserAloneHasWholeIterations) {
  ConnectCrowd(10);
  for (int i = 0; i < 3; ++i) server_.loop().RunOnce();
  EXPECT_GE(HandledOfCrowd(), 2 * kCrowd);
}

TEST_F(UserRoundRobinTest, OfALongPacketLessIsLookedAtAtOnceBesideOtherUsers) {
  Client& one = Connect("one", "one");
  one.Call(90);
  RunUntil([this] { return handled_["one"] != 0; });
  EXPECT_EQ(handled_["one"], 90);
  Connect("two", "two");
  one.Call(90);
  server_.loop().RunOnce();
  EXPECT_EQ(handled_["one"], 90 + 32);
  server_.loop().RunUntilIdle();
  EXPECT_EQ(handled_["one"], 180);
}

TEST_F(UserRoundRobinTest, ManyConnectionsOfAUserHaveAsMuchOfAnIterationAsOne) {
  Connect("one", "other");
  for (Client* const client : ConnectCrowd(1)) client->Call(90);
  // Of those that have just come, and that wait.
  RunInPartsUntil(20 * kCrowd, 2 * 32, [this] { return HandledOfCrowd(); });
  server_.loop().RunUntilIdle();
  EXPECT_EQ(HandledOfCrowd(), 91 * kCrowd);
}

// Else the first one could use up what there is for all of them, each time.
TEST_F(UserRoundRobinTest, LongPacketsOfAUserDoNotHoldUpItsOtherConnections) {
  Connect("one", "other");
  Client& greedy = Connect("many", "greedy");
  Client& modest = Connect("many", "modest");
  for (int i = 0; i < 20; ++i) greedy.Call(90);
  for (int i = 0; i < 20; ++i) modest.Call();
  RunUntil([this] { return handled_["modest"] == 20; });
  EXPECT_LT(handled_["greedy"], 20 * 90);
  server_.loop().RunUntilIdle();
  EXPECT_EQ(handled_["greedy"], 20 * 90);
}

TEST_F(UserRoundRobinTest, NewConnectionsOfAUserDoNotHoldUpItsOthers) {
  Connect("one", "other");
  Client& old = Connect("many", "old");
  for (int i = 0; i < 10; ++i) old.Call();
  for (int round = 0; round < 100 && handled_["old"] < 10; ++round) {
    Join("many", "new", 60);
    server_.loop().RunOnce();
  }
  EXPECT_EQ(handled_["old"], 10);
}

TEST_F(UserRoundRobinTest, CallsThatTakeLongHaveAsMuchOfAnIterationAsManyShortOnes) {
  Connect("one", "other");
  const std::vector<Client*> crowd = ConnectCrowd(1);
  cost_ = std::chrono::milliseconds(1);
  for (Client* const client : crowd) client->Call(3);
  RunInPartsUntil(2 * kCrowd, 2, [this] { return HandledOfCrowd(); });
  server_.loop().RunUntilIdle();
  EXPECT_EQ(HandledOfCrowd(), 4 * kCrowd);
}

TEST_F(UserRoundRobinTest, OneUserAloneHasNoIterationsThatKeepOthersOutForLong) {
  const std::vector<Client*> crowd = ConnectCrowd(1);
  cost_ = std::chrono::milliseconds(1);
  for (Client* const client : crowd) client->Call(90);
  for (int round = 0; round < 20; ++round) {
    const base::TimePoint begin = clock_.now;
    server_.loop().RunOnce();
    ASSERT_LE(clock_.now - begin, std::chrono::milliseconds(30));
  }
  server_.loop().RunUntilIdle();
  EXPECT_EQ(HandledOfCrowd(), 91 * kCrowd);
}

TEST_F(UserRoundRobinTest, OfOneUserAloneWhatWasKeptGoesOnBesideWhatComes) {
  const std::vector<Client*> crowd = ConnectCrowd(1);
  std::vector<int> sent(kCrowd, 1);
  cost_ = std::chrono::milliseconds(1);
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < kCrowd; ++i) {
      if (handled_[CrowdName(i)] < sent[i]) continue;
      ++sent[i];
      crowd[i]->Call();
    }
    server_.loop().RunOnce();
  }
  for (int i = 0; i < kCrowd; ++i) EXPECT_GE(handled_[CrowdName(i)], 5) << i;
  server_.loop().RunUntilIdle();
}

// However much is kept.
TEST_F(UserRoundRobinTest, LargePacketsOfManyConnectionsHaveNoLargerPart) {
  Connect("one", "other");
  const std::string large(100'000, 'x');
  std::vector<Client*> crowd;
  for (int i = 0; i < kCrowd; ++i) crowd.push_back(&Connect("many", large));
  for (Client* const client : crowd) client->Call();
  RunInPartsUntil(kCrowd, 2 * 2, [&] { return handled_[large]; });
}

TEST_F(UserRoundRobinTest, ConnectionsWhosePacketsWouldFillTheMemoryEnd) {
  Client& other = Connect("one", "other");
  constexpr std::size_t kConnections = 700;
  const std::string large(120'000, 'x');
  std::vector<Client*> crowd;
  for (std::size_t i = 0; i < kConnections; ++i) crowd.push_back(&Connect("many", large));
  for (Client* const client : crowd) client->Call();
  other.Call();
  server_.loop().RunUntilIdle();
  EXPECT_EQ(handled_["other"], 1);
  EXPECT_LE(server_.connections(), kConnections);
  EXPECT_GE(server_.connections(), 400u);
  EXPECT_EQ(handled_[large], static_cast<int>(server_.connections()) - 1);
  EXPECT_EQ(reasons_, std::set<std::string>{
                          "packets of this user's connections that wait for one event loop take "
                          "more than 67108864 bytes; read the replies, or send less at once"});
}

// What it has sent was kept when that harmed nobody.
TEST_F(UserRoundRobinTest, AUserThatWasAloneLosesNoConnectionToTheFirstOther) {
  constexpr int kConnections = 700;
  constexpr int kCalls = 60;
  const std::string large(2000, 'x');
  std::vector<Client*> crowd;
  for (int i = 0; i < kConnections; ++i) crowd.push_back(&Connect("many", large));
  cost_ = std::chrono::milliseconds(1);
  for (Client* const client : crowd) client->Call(kCalls);
  server_.loop().RunOnce();
  Join("one", "other", 1);
  server_.loop().RunUntilIdle();
  EXPECT_EQ(server_.connections(), std::size_t{kConnections} + 1);
  EXPECT_EQ(handled_[large], kConnections * kCalls);
}

// Also by the end of connections that have something kept.
TEST_F(UserRoundRobinTest, WhatIsKeptNoMoreDoesNotCount) {
  Connect("one", "other");
  const std::string large(100'000, 'x');
  for (int round = 0; round < 10; ++round) {
    std::vector<Client*> crowd;
    for (int i = 0; i < kCrowd; ++i) crowd.push_back(&Connect("many", large));
    for (Client* const client : crowd) client->Call();
    server_.loop().RunOnce();
    for (Client* const client : crowd) client->Close();
    server_.loop().RunUntilIdle();
  }
  for (Client* const client : ConnectCrowd(1)) client->Call(90);
  server_.loop().RunUntilIdle();
  EXPECT_EQ(HandledOfCrowd(), 91 * kCrowd);
}

TEST_F(UserRoundRobinTest, ThoseThatEndWhileTheyWaitHoldUpNobody) {
  Connect("one", "other");
  const std::vector<Client*> crowd = ConnectCrowd(10);
  for (int i = 0; i < kCrowd; i += 2) crowd[i]->Close();
  server_.loop().RunUntilIdle();
  for (int i = 1; i < kCrowd; i += 2) EXPECT_EQ(handled_[CrowdName(i)], 10);
  EXPECT_EQ(server_.connections(), 1u + kCrowd / 2);
}

TEST_F(UserRoundRobinTest, ThoseThatEndBeforeTheirHelloHoldUpNobody) {
  Connect("one", "other");
  std::vector<Client*> mute;
  for (int i = 0; i < 4; ++i) mute.push_back(&Connect("many", ""));
  ConnectCrowd(10);
  for (; !mute.empty(); mute.pop_back()) {  // The last one first: others stand before it.
    mute.back()->Close();
    server_.loop().RunOnce();
  }
  server_.loop().RunUntilIdle();
  EXPECT_EQ(HandledOfCrowd(), 10 * kCrowd);
  EXPECT_EQ(server_.connections(), 1u + kCrowd);
}

// Behind the second request of each connection comes what ends it.
TEST_F(UserRoundRobinTest, AUserGetsNoMoreWhenItsConnectionsEnd) {
  Connect("one", "other");
  std::vector<Client*> crowd;
  for (int i = 0; i < kCrowd; ++i) crowd.push_back(&Connect("many", CrowdName(i)));
  for (Client* const client : crowd) {
    client->Call();
    client->Call(1, "no frame");
  }
  RunUntil([this] { return HandledOfCrowd() >= kCrowd; });
  for (int round = 0; round < 100; ++round) {
    const int before = HandledOfCrowd();
    server_.loop().RunOnce();
    ASSERT_LE(HandledOfCrowd() - before, 4) << "in iteration " << round;
  }
  EXPECT_EQ(HandledOfCrowd(), 2 * kCrowd);
}

TEST_F(UserRoundRobinTest, AllConnectionsOfAUserMayEndWhileTheyWait) {
  Client& other = Connect("one", "other");
  for (Client* const client : ConnectCrowd(10)) client->Close();
  server_.loop().RunUntilIdle();
  EXPECT_EQ(server_.connections(), 1u);
  other.Call();
  server_.loop().RunUntilIdle();
  EXPECT_EQ(handled_["other"], 1);
}

}  // namespace
}  // namespace piperpc
