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
#include "piperpc/testing/endpoint.h"
#include "src/transport/transport.h"
#include "src/wire/frame.h"
#include "support/eventually.h"
#include "support/raw_forms.h"
#include "support/shapes_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using wire::FrameKind;

// Keeps all that it sees.
class Recorder final : public PacketObserver {
 public:
  enum class Trouble { kNone, kThrowsAtConnect, kThrowsAtPackets, kWantsNone };
  explicit Recorder(Trouble trouble = Trouble::kNone) : trouble_(trouble) {}

  std::unique_ptr<Connection> OnConnected(const Peer& peer) override {
    Note(Trouble::kThrowsAtConnect, [&] { peers_.push_back(peer); });
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
      owner.Note(Trouble::kThrowsAtPackets, [&] {
        owner.times_sent_.push_back(time);
        owner.sent_.push_back(std::move(packet));
      });
    }
    void OnReceived(Time time, Bytes packet) override {
      owner.Note(Trouble::kThrowsAtPackets, [&] {
        owner.times_received_.push_back(time);
        owner.received_.emplace_back(packet.data(), packet.size());
      });
    }
    Recorder& owner;
  };

  template <typename Keep>
  void Note(Trouble throws, Keep keep) {
    const std::lock_guard lock(mutex_);
    keep();
    if (trouble_ == throws) throw std::runtime_error("an observer's trouble");
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

class PacketObservers : public transport::EachTransport {
 protected:
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
  const auto at_connect = std::make_shared<Recorder>(Recorder::Trouble::kThrowsAtConnect);
  CallInAllForms(at_connect, at_connect);
  EXPECT_EQ(at_connect->peers().size(), 2u);
  const auto at_packets = std::make_shared<Recorder>(Recorder::Trouble::kThrowsAtPackets);
  CallInAllForms(at_packets, at_packets);
  EXPECT_GT(at_packets->sent().size(), 2u);
  EXPECT_GT(at_packets->received().size(), 2u);
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

// Closes the channel that it observes.
class Meddler final : public PacketObserver {
 public:
  enum class When { kConnected, kSent, kReceived };
  explicit Meddler(When when) : when_(when) {}

  std::shared_ptr<Channel> channel;

  std::unique_ptr<Connection> OnConnected(const Peer&) override {
    Meddle(When::kConnected);
    return std::make_unique<Meddling>(*this);
  }

 private:
  struct Meddling final : Connection {
    explicit Meddling(Meddler& meddler) : owner(meddler) {}
    void OnSent(Time, Parts) override { owner.Meddle(When::kSent); }
    void OnReceived(Time, Bytes) override { owner.Meddle(When::kReceived); }
    Meddler& owner;
  };

  void Meddle(When when) {
    if (when == when_) channel->Close();
  }

  const When when_;
};

void CallWithAMeddler(Meddler::When when) {
  const auto transport = transport::NewMemoryTransport();
  ShapesService shapes;
  Server server({.transport = transport.get()});
  if (!server.AddService(shapes.service()).ok() || !server.Start("shapes").ok()) return;
  const auto meddler = std::make_shared<Meddler>(when);
  meddler->channel = Connect("shapes", {.observer = meddler, .transport = transport.get()});
  RawClient(meddler->channel).Unary("shapes.v1.Raw/Unary", {"x"}).IgnoreError();
}

TEST(PacketObserverDeathTest, ThatUsesItsChannelEndsTheProcessWithAReason) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  using When = Meddler::When;
  for (const When when : {When::kConnected, When::kSent, When::kReceived}) {
    EXPECT_DEATH(CallWithAMeddler(when), "must not use the channel that it observes \\(shapes\\)");
  }
}

// An observer may report what it sees by calls on another channel.
TEST(PacketObserverTest, MayUseAnotherChannel) {
  const auto transport = transport::NewMemoryTransport();
  ShapesService shapes;
  Server server({.transport = transport.get()});
  ASSERT_TRUE(server.AddService(shapes.service()).ok());
  ASSERT_TRUE(server.Start("shapes").ok());
  struct Reporter final : PacketObserver {
    struct Reporting final : Connection {
      explicit Reporting(RawClient& to) : client(to) {}
      void OnSent(Time, Parts) override { Report(); }
      void OnReceived(Time, Bytes) override { Report(); }
      void Report() { EXPECT_TRUE(client.Unary("shapes.v1.Raw/Unary", {"x"}).ok()); }
      RawClient& client;
    };
    explicit Reporter(RawClient other) : client(std::move(other)) {}
    std::unique_ptr<Connection> OnConnected(const Peer&) override {
      return std::make_unique<Reporting>(client);
    }
    RawClient client;
  };
  const auto reporter =
      std::make_shared<Reporter>(RawClient(Connect("shapes", {.transport = transport.get()})));
  const RawClient observed(Connect("shapes", {.observer = reporter, .transport = transport.get()}));
  EXPECT_TRUE(observed.Unary("shapes.v1.Raw/Unary", {"y"}).ok());
}

}  // namespace
}  // namespace piperpc::testing
