#include "services/notify/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "manual_executor.h"

namespace services {
namespace {

using absl::StatusCode;
using notify::v1::Event;
using notify::v1::SLOW_POLICY_BLOCK;
using notify::v1::SLOW_POLICY_DISCONNECT;
using notify::v1::SLOW_POLICY_DROP_OLDEST;
using notify::v1::SLOW_POLICY_UNSPECIFIED;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kSmallQueue = 4096;

Event Text(std::string text) {
  Event event;
  event.mutable_message()->set_text(std::move(text));
  return event;
}

std::unique_ptr<Hub> MakeHub(HubOptions options = {}) { return *Hub::Create(options); }

std::unique_ptr<Feed> Open(Hub& hub, notify::v1::SlowPolicy policy = SLOW_POLICY_UNSPECIFIED) {
  return *hub.Open("ana", policy);
}

// A feed that has said that it is subscribed.
std::unique_ptr<Feed> OpenQuietly(Hub& hub, notify::v1::SlowPolicy policy) {
  auto feed = Open(hub, policy);
  EXPECT_TRUE(feed->TryNext()->has_subscribed());
  return feed;
}

std::vector<std::uint64_t> Drain(Feed& feed) {
  std::vector<std::uint64_t> sequences;
  while (const SharedEvent event = feed.TryNext()) sequences.push_back(event->sequence());
  return sequences;
}

TEST(Hub, TellsASubscriberFirstThatItIsOne) {
  const auto hub = MakeHub({.queue_bytes = kSmallQueue});
  ASSERT_TRUE(hub->Announce(Text("before")).ok());
  const auto feed = Open(*hub, SLOW_POLICY_BLOCK);
  ASSERT_TRUE(hub->Announce(Text("after")).ok());
  const SharedEvent first = feed->TryNext();
  ASSERT_TRUE(first->has_subscribed());
  EXPECT_EQ(first->sequence(), 1u);
  EXPECT_EQ(first->subscribed().policy(), SLOW_POLICY_BLOCK);
  EXPECT_EQ(first->subscribed().queue_bytes(), kSmallQueue);
  const SharedEvent second = feed->TryNext();
  EXPECT_EQ(second->message().text(), "after");
  EXPECT_EQ(second->sequence(), 2u);
  EXPECT_GT(second->time().seconds(), 0);
  EXPECT_EQ(feed->TryNext(), nullptr);
}

TEST(Hub, SharesOneEventBetweenAllSubscribers) {
  const auto hub = MakeHub();
  const auto one = OpenQuietly(*hub, SLOW_POLICY_DROP_OLDEST);
  const auto other = OpenQuietly(*hub, SLOW_POLICY_DISCONNECT);
  const auto published = hub->Announce(Text("x"));
  EXPECT_EQ(published->sequence, 1u);
  EXPECT_EQ(published->subscribers, 2u);
  EXPECT_EQ(one->TryNext(), other->TryNext());
}

TEST(Hub, ForgetsASubscriberThatHasGone) {
  const auto hub = MakeHub({.max_subscribers = 1});
  { const auto feed = Open(*hub); }
  EXPECT_EQ(hub->Announce(Text("x"))->subscribers, 0u);
  EXPECT_TRUE(hub->Open("ana", SLOW_POLICY_UNSPECIFIED).ok());
}

TEST(Hub, RefusesMoreSubscribersThanItsLimit) {
  const auto hub = MakeHub({.max_subscribers = 2});
  const auto one = Open(*hub);
  const auto other = Open(*hub);
  const absl::Status refused = hub->Open("ana", SLOW_POLICY_UNSPECIFIED).status();
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.message(), "there are 2 subscribers; the limit is 2 (max_subscribers)");
}

TEST(Hub, LeavesPlacesForOthersThanOneUser) {
  const auto hub = MakeHub({.max_subscribers = 4});
  std::vector<std::unique_ptr<Feed>> feeds;
  for (int i = 0; i < 3; ++i) feeds.push_back(Open(*hub));
  const absl::Status refused = hub->Open("ana", SLOW_POLICY_UNSPECIFIED).status();
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.message(),
            "user ana has 3 subscribers; the limit is 3 (max_subscribers_per_user)");
  EXPECT_TRUE(hub->Open("rui", SLOW_POLICY_UNSPECIFIED).ok());
  feeds.pop_back();
  EXPECT_TRUE(hub->Open("ana", SLOW_POLICY_UNSPECIFIED).ok());
}

TEST(Hub, LimitsEachUserAsItIsTold) {
  const auto hub = MakeHub({.max_subscribers_per_user = 1});
  const auto one = Open(*hub);
  EXPECT_FALSE(hub->Open("ana", SLOW_POLICY_UNSPECIFIED).ok());
  EXPECT_TRUE(hub->Open("rui", SLOW_POLICY_UNSPECIFIED).ok());
}

TEST(Hub, RefusesAPolicyThatIsNone) {
  const auto hub = MakeHub();
  EXPECT_EQ(hub->Open("ana", static_cast<notify::v1::SlowPolicy>(77)).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(Hub, RefusesOptionsOutOfTheirRange) {
  EXPECT_EQ(Hub::Create({.queue_bytes = 4095}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Hub::Create({.policy = SLOW_POLICY_UNSPECIFIED}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(Hub, RefusesAnEventThatFitsIntoNoQueueAndNamesTheLimit) {
  const auto hub = MakeHub({.queue_bytes = kSmallQueue});
  const auto feed = OpenQuietly(*hub, SLOW_POLICY_DISCONNECT);
  const absl::Status refused = hub->Announce(Text(std::string(5000, 'x'))).status();
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("4096"));
  EXPECT_TRUE(feed->status().ok());
  EXPECT_EQ(hub->Announce(Text("x"))->sequence, 1u);
}

TEST(Hub, GivesAllSubscribersTheSameOrderWhoeverPublishes) {
  constexpr int kPublishers = 4;
  constexpr int kEach = 250;
  const auto hub = MakeHub();
  std::vector<std::unique_ptr<Feed>> feeds;
  for (int i = 0; i < 3; ++i) feeds.push_back(OpenQuietly(*hub, SLOW_POLICY_DISCONNECT));
  {
    std::vector<std::jthread> publishers;
    for (int i = 0; i < kPublishers; ++i) {
      publishers.emplace_back([&hub, i] {
        for (int n = 0; n < kEach; ++n) {
          EXPECT_TRUE(hub->Announce(Text(std::to_string(i) + ":" + std::to_string(n))).ok());
        }
      });
    }
  }
  std::vector<std::string> first_saw;
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    std::vector<std::string> saw;
    while (const SharedEvent event = feeds[i]->TryNext()) {
      saw.push_back(event->message().text());
      ASSERT_EQ(event->sequence(), saw.size());  // Each once, without a gap.
    }
    EXPECT_EQ(saw.size(), static_cast<std::size_t>(kPublishers * kEach));
    if (i == 0) first_saw = saw;
    EXPECT_EQ(saw, first_saw);
  }
}

TEST(Hub, KeepsItsOrderWhileSubscribersComeReadAndGo) {
  const auto hub = MakeHub();
  std::jthread publisher([&hub](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(hub->Announce(Text("x")).ok());
  });
  std::vector<std::jthread> subscribers;
  for (int i = 0; i < 3; ++i) {
    subscribers.emplace_back([&hub] {
      for (int round = 0; round < 50; ++round) {
        const auto feed = Open(*hub, SLOW_POLICY_DROP_OLDEST);
        std::uint64_t expected = feed->TryNext()->sequence();
        for (int n = 0; n < 20; ++n) {
          const SharedEvent event = feed->TryNext();
          if (event == nullptr) continue;
          expected += event->dropped() + 1;
          ASSERT_EQ(event->sequence(), expected);
        }
      }
    });
  }
}

TEST(SlowSubscriber, OfDropOldestNeverHoldsMoreThanItsLimit) {
  const auto hub = MakeHub({.queue_bytes = kSmallQueue});
  const auto feed = OpenQuietly(*hub, SLOW_POLICY_DROP_OLDEST);
  std::vector<std::weak_ptr<const Event>> alive;
  const auto witness = OpenQuietly(*hub, SLOW_POLICY_DROP_OLDEST);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(hub->Announce(Text(std::string(500, 'x')))->subscribers, 2u);
    alive.push_back(witness->TryNext());
  }
  std::size_t bytes = 0;
  for (const auto& event : alive) {
    if (const auto held = event.lock()) bytes += held->SpaceUsedLong();
  }
  EXPECT_GT(bytes, kSmallQueue / 2);
  EXPECT_LE(bytes, kSmallQueue);
  const SharedEvent next = feed->TryNext();
  EXPECT_EQ(next->dropped() + 1, next->sequence());
}

TEST(SlowSubscriber, OfDisconnectIsCutOffAndTheOthersAreNot) {
  const auto hub = MakeHub({.queue_bytes = kSmallQueue});
  const auto frozen = OpenQuietly(*hub, SLOW_POLICY_DISCONNECT);
  const auto reading = OpenQuietly(*hub, SLOW_POLICY_DISCONNECT);
  std::size_t read = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(hub->Announce(Text(std::string(500, 'x'))).ok());
    read += Drain(*reading).size();
  }
  EXPECT_EQ(read, 100u);
  EXPECT_EQ(frozen->status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(frozen->TryNext(), nullptr);
  EXPECT_EQ(hub->Announce(Text("x"))->subscribers, 1u);
}

class PublishTest : public ::testing::Test {
 protected:
  using Result = absl::StatusOr<Hub::Published>;

  Running<Result> Publish(std::string text, std::stop_token stop = {}) {
    return Running<Result>(executor_, hub_->Publish(Text(std::move(text)), std::move(stop)));
  }

  // Publishes until the queue of a subscriber that blocks has no room for another one.
  void Fill() {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(Publish(large_).done());
  }

  const std::string large_ = std::string(500, 'x');
  const std::unique_ptr<Hub> hub_ = MakeHub({.queue_bytes = kSmallQueue});
  ManualExecutor executor_;
};

TEST_F(PublishTest, AnswersAtOnceWhenNobodyHoldsItBack) {
  const auto feed = OpenQuietly(*hub_, SLOW_POLICY_BLOCK);
  auto publish = Publish("x");
  ASSERT_TRUE(publish.done());
  EXPECT_EQ(publish.result()->subscribers, 1u);
  EXPECT_EQ(executor_.timers(), 0u);
}

TEST_F(PublishTest, WaitsForASubscriberThatBlocksAndLosesNothing) {
  const auto feed = OpenQuietly(*hub_, SLOW_POLICY_BLOCK);
  Fill();
  auto publish = Publish(large_);
  executor_.RunReady();
  ASSERT_FALSE(publish.done());
  EXPECT_EQ(feed->TryNext()->sequence(), 1u);
  executor_.RunReady();
  ASSERT_TRUE(publish.done());
  EXPECT_EQ(publish.result()->sequence, 6u);
  EXPECT_THAT(Drain(*feed), ElementsAre(2, 3, 4, 5, 6));
}

TEST_F(PublishTest, CutsOffWhoHasMadeNoRoomInTime) {
  const auto frozen = OpenQuietly(*hub_, SLOW_POLICY_BLOCK);
  Fill();
  auto publish = Publish(large_);
  executor_.SkipTime();
  ASSERT_TRUE(publish.done());
  EXPECT_EQ(publish.result()->subscribers, 0u);
  EXPECT_EQ(frozen->status().code(), StatusCode::kResourceExhausted);
}

TEST(Hub, HoldsAPublisherBackForAsLongAsItsLimitSays) {
  using Clock = std::chrono::steady_clock;
  const std::pair<std::chrono::milliseconds, Clock::time_point> cases[] = {
      {std::chrono::milliseconds::max(), Clock::now() + std::chrono::hours(24 * 365)},
      {std::chrono::hours(1), Clock::now() + std::chrono::hours(1)},
      {std::chrono::milliseconds(0), Clock::now()},
      {std::chrono::milliseconds::min(), Clock::now()},
  };
  for (const auto& [limit, due] : cases) {
    const auto hub = MakeHub({.queue_bytes = kSmallQueue, .block_limit = limit});
    const auto frozen = OpenQuietly(*hub, SLOW_POLICY_BLOCK);
    ManualExecutor executor;
    const std::string large(3000, 'x');
    Running<absl::StatusOr<Hub::Published>> fills(executor, hub->Publish(Text(large), {}));
    Running<absl::StatusOr<Hub::Published>> waits(executor, hub->Publish(Text(large), {}));
    ASSERT_FALSE(waits.done());
    EXPECT_GE(executor.next_timer(), due) << limit.count();
  }
}

TEST_F(PublishTest, GoesOnWhenTheSubscriberThatHeldItBackHasGone) {
  auto feed = OpenQuietly(*hub_, SLOW_POLICY_BLOCK);
  Fill();
  auto publish = Publish(large_);
  feed.reset();
  executor_.RunReady();
  ASSERT_TRUE(publish.done());
  EXPECT_EQ(publish.result()->subscribers, 0u);
}

TEST_F(PublishTest, PublishesNothingWhenItIsStopped) {
  const auto feed = OpenQuietly(*hub_, SLOW_POLICY_BLOCK);
  Fill();
  std::stop_source stop;
  auto publish = Publish(large_, stop.get_token());
  stop.request_stop();
  executor_.RunReady();
  ASSERT_TRUE(publish.done());
  EXPECT_EQ(publish.result().status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Drain(*feed).size(), 5u);
}

TEST_F(PublishTest, MayBeDestroyedWhileItWaits) {
  const auto feed = OpenQuietly(*hub_, SLOW_POLICY_BLOCK);
  Fill();
  auto publish = Publish(large_);
  publish.Destroy();
  EXPECT_EQ(Drain(*feed).size(), 5u);
  executor_.SkipTime();
  EXPECT_EQ(Drain(*feed).size(), 0u);
}

TEST_F(PublishTest, DoesNotMakeALoginWait) {
  const auto frozen = OpenQuietly(*hub_, SLOW_POLICY_BLOCK);
  Fill();
  auto publish = Publish(large_);
  EXPECT_TRUE(hub_->Announce(Text(large_)).ok());
  EXPECT_EQ(frozen->status().code(), StatusCode::kResourceExhausted);
}

class FeedTest : public ::testing::Test {
 protected:
  const std::unique_ptr<Hub> hub_ = MakeHub({.queue_bytes = kSmallQueue});
  ManualExecutor executor_;
};

TEST_F(FeedTest, WakesItsSubscriberForAnEvent) {
  const auto feed = OpenQuietly(*hub_, SLOW_POLICY_DISCONNECT);
  Running<SharedEvent> next(executor_, feed->Next({}));
  executor_.RunReady();
  ASSERT_FALSE(next.done());
  ASSERT_TRUE(hub_->Announce(Text("x")).ok());
  executor_.RunReady();
  ASSERT_TRUE(next.done());
  EXPECT_EQ(next.result()->message().text(), "x");
}

TEST_F(FeedTest, EndsWhenItIsStopped) {
  const auto feed = OpenQuietly(*hub_, SLOW_POLICY_DISCONNECT);
  std::stop_source stop;
  Running<SharedEvent> next(executor_, feed->Next(stop.get_token()));
  stop.request_stop();
  executor_.RunReady();
  ASSERT_TRUE(next.done());
  EXPECT_EQ(next.result(), nullptr);
  EXPECT_TRUE(feed->status().ok());
}

TEST_F(FeedTest, EndsWhenItsSubscriberWasTooSlow) {
  const auto feed = OpenQuietly(*hub_, SLOW_POLICY_DISCONNECT);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(hub_->Announce(Text(std::string(500, 'x'))).ok());
  Running<SharedEvent> next(executor_, feed->Next({}));
  executor_.RunReady();
  ASSERT_TRUE(next.done());
  EXPECT_EQ(next.result(), nullptr);
  EXPECT_FALSE(feed->status().ok());
}

}  // namespace
}  // namespace services
