// What observers of packets see on both sides.
#include "piperpc/packet_observer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/client.h"
#include "piperpc/raw_client.h"
#include "piperpc/server.h"
#include "src/transport/transport.h"
#include "src/wire/frame.h"
#include "support/endpoints.h"
#include "support/eventually.h"
#include "support/raw_forms.h"
#include "support/shapes_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using wire::FrameKind;

// Keeps all that it sees. With `trouble`, each of its functions throws, too.
class Recorder final : public PacketObserver {
 public:
  enum class Trouble { kNone, kThrows, kWantsNone };
  explicit Recorder(Trouble trouble = Trouble::kNone) : trouble_(trouble) {}

  std::unique_ptr<Connection> OnConnected(const Peer& peer) override {
    Note([&] { peers_.push_back(peer); });
    if (trouble_ == Trouble::kWantsNone) return nullptr;
    return std::make_unique<Recorded>(*this);
  }

  std::vector<Peer> peers() { return Copy(peers_); }
  Strings sent() { return Copy(sent_); }
  Strings received() { return Copy(received_); }
  std::vector<Time> times_sent() { return Copy(times_sent_); }
  std::vector<Time> times_received() { return Copy(times_received_); }
  bool all_ended() {
    const std::lock_guard lock(mutex_);
    return ended_ == peers_.size();
  }

 private:
  struct Recorded final : Connection {
    explicit Recorded(Recorder& recorder) : owner(recorder) {}
    ~Recorded() override {
      const std::lock_guard lock(owner.mutex_);
      ++owner.ended_;
    }
    void OnSent(Time time, Parts parts) override {
      std::string packet;
      for (const Bytes part : parts) packet.append(part.data(), part.size());
      EXPECT_EQ(ByteCount(parts), packet.size());
      owner.times_sent_.push_back(time);
      owner.Note([&] { owner.sent_.push_back(std::move(packet)); });
    }
    void OnReceived(Time time, Bytes packet) override {
      owner.times_received_.push_back(time);
      owner.Note([&] { owner.received_.emplace_back(packet.data(), packet.size()); });
    }
    Recorder& owner;
  };

  template <typename Keep>
  void Note(Keep keep) {
    const std::lock_guard lock(mutex_);
    keep();
    if (trouble_ == Trouble::kThrows) throw std::runtime_error("an observer's trouble");
  }
  template <typename Kept>
  Kept Copy(const Kept& kept) {
    const std::lock_guard lock(mutex_);
    return kept;
  }

  const Trouble trouble_;
  std::mutex mutex_;
  std::vector<Peer> peers_;
  Strings sent_, received_;
  std::vector<Time> times_sent_, times_received_;
  std::size_t ended_ = 0;
};

std::vector<FrameKind> KindsIn(const Strings& packets) {
  std::vector<FrameKind> kinds;
  for (const std::string& packet : packets) {
    wire::PacketReader reader(packet);
    wire::Frame frame;
    while (!reader.done() && reader.Next(frame)) kinds.push_back(frame.header.kind);
  }
  return kinds;
}

class PacketObservers : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string reason;
    transport_ = transport::NewTransport(GetParam(), reason);
    if (transport_ == nullptr) GTEST_SKIP() << GetParam() << " is refused: " << reason;
  }

  // Makes a call in each form that a client has, and ends both sides.
  void CallInAllForms(std::shared_ptr<Recorder> client_side,
                      std::shared_ptr<Recorder> server_side) {
    Server server({.observer = std::move(server_side), .transport = transport_.get()});
    ASSERT_TRUE(server.AddService(shapes_.service()).ok());
    ASSERT_TRUE(server.Start(endpoint_).ok());
    {
      const RawClient client(
          Connect(endpoint_, {.observer = std::move(client_side), .transport = transport_.get()}));
      for (const NamedForm& form : RawForms()) {
        const CallResult result = form.call(client, form.method, {"hello"}, {});
        EXPECT_TRUE(result.status.ok()) << form.name << ": " << result.status;
      }
    }
    server.Shutdown(milliseconds(20'000));
  }

  std::unique_ptr<transport::Transport> transport_;
  const std::string endpoint_ = UniqueEndpoint();
  ShapesService shapes_;
};

TEST_P(PacketObservers, OfBothSidesSeeTheSamePackets) {
  const auto client_side = std::make_shared<Recorder>();
  const auto server_side = std::make_shared<Recorder>();
  CallInAllForms(client_side, server_side);
  EXPECT_EQ(client_side->sent(), server_side->received());
  // What a server says as the channel closes is received by nobody.
  const Strings sent = server_side->sent();
  Strings received = client_side->received();
  ASSERT_LE(received.size(), sent.size());
  received.insert(received.end(), sent.begin() + static_cast<std::ptrdiff_t>(received.size()),
                  sent.end());
  EXPECT_EQ(received, sent);
  EXPECT_TRUE(client_side->all_ended());
  EXPECT_TRUE(server_side->all_ended());
}

TEST_P(PacketObservers, SeeFramesAsTheProtocolDescribesThem) {
  const auto client_side = std::make_shared<Recorder>();
  CallInAllForms(client_side, nullptr);
  const std::vector<FrameKind> sent = KindsIn(client_side->sent());
  const std::vector<FrameKind> received = KindsIn(client_side->received());
  ASSERT_GE(sent.size(), 2u);
  EXPECT_EQ(sent[0], FrameKind::kHello);
  EXPECT_EQ(sent[1], FrameKind::kRequest);
  ASSERT_GE(received.size(), 2u);
  EXPECT_EQ(received[0], FrameKind::kHello);
  EXPECT_LE(client_side->times_sent()[0], client_side->times_received()[0]);
}

TEST_P(PacketObservers, AreToldOfThePeer) {
  const auto client_side = std::make_shared<Recorder>();
  const auto server_side = std::make_shared<Recorder>();
  CallInAllForms(client_side, server_side);
  ASSERT_EQ(client_side->peers().size(), 1u);
  EXPECT_EQ(client_side->peers()[0].user, server_side->peers()[0].user);
  EXPECT_FALSE(server_side->peers()[0].user.empty());
}

TEST_P(PacketObservers, ThatThrowDisturbNobody) {
  const auto observer = std::make_shared<Recorder>(Recorder::Trouble::kThrows);
  CallInAllForms(observer, observer);
  EXPECT_EQ(observer->peers().size(), 2u);
}

TEST_P(PacketObservers, MayPassAConnectionBy) {
  const auto observer = std::make_shared<Recorder>(Recorder::Trouble::kWantsNone);
  CallInAllForms(observer, observer);
  EXPECT_EQ(observer->peers().size(), 2u);
  EXPECT_TRUE(observer->sent().empty());
}

TEST_P(PacketObservers, SeeConnectionsThatAreRefused) {
  const auto observer = std::make_shared<Recorder>();
  Server server({.max_connections = 1, .observer = observer, .transport = transport_.get()});
  ASSERT_TRUE(server.AddService(shapes_.service()).ok());
  ASSERT_TRUE(server.Start(endpoint_).ok());
  const RawClient first(Connect(endpoint_, {.transport = transport_.get()}));
  const RawClient second(Connect(endpoint_, {.transport = transport_.get()}));
  EXPECT_TRUE(first.Unary("shapes.v1.Raw/Unary", {"1"}).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(second.Unary("shapes.v1.Raw/Unary", {"2"}).status()));
  EXPECT_EQ(observer->peers().size(), 2u);
  EXPECT_TRUE(Eventually([&] {
    const std::vector<FrameKind> kinds = KindsIn(observer->sent());
    return std::find(kinds.begin(), kinds.end(), FrameKind::kGoaway) != kinds.end();
  }));
}

INSTANTIATE_TEST_SUITE_P(Transports, PacketObservers,
                         ::testing::ValuesIn(transport::TransportNames()),
                         [](const auto& test) { return test.param; });

// Calls on the channel that it observes.
class Meddler final : public PacketObserver {
 public:
  std::shared_ptr<Channel> channel;

  std::unique_ptr<Connection> OnConnected(const Peer&) override {
    return std::make_unique<Meddling>(*this);
  }

 private:
  struct Meddling final : Connection {
    explicit Meddling(Meddler& meddler) : owner(meddler) {}
    void OnSent(Time, Parts) override { owner.channel->Close(); }
    void OnReceived(Time, Bytes) override {}
    Meddler& owner;
  };
};

void CallWithAMeddler() {
  const auto transport = transport::NewMemoryTransport();
  ShapesService shapes;
  Server server({.transport = transport.get()});
  if (!server.AddService(shapes.service()).ok() || !server.Start("shapes").ok()) return;
  const auto meddler = std::make_shared<Meddler>();
  meddler->channel = Connect("shapes", {.observer = meddler, .transport = transport.get()});
  RawClient(meddler->channel).Unary("shapes.v1.Raw/Unary", {"x"}).IgnoreError();
}

TEST(PacketObserverDeathTest, ThatUsesItsChannelEndsTheProcessWithAReason) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(CallWithAMeddler(),
               "a PacketObserver used the channel that it observes \\(shapes\\)");
}

}  // namespace
}  // namespace piperpc::testing
