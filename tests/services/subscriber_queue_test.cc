#include "services/notify/subscriber_queue.h"

#include <gtest/gtest.h>

#include <vector>

namespace services {
namespace {

using notify::v1::Event;

SharedEvent Numbered(std::uint64_t sequence) {
  auto event = std::make_shared<Event>();
  event->set_sequence(sequence);
  return event;
}

TEST(SubscriberQueue, GivesEventsInOrderAndDoesNotCopyThem) {
  SubscriberQueue queue(notify::v1::SLOW_POLICY_DISCONNECT, 100);
  const SharedEvent first = Numbered(1);
  EXPECT_TRUE(queue.Push(first, 50));
  EXPECT_TRUE(queue.Push(Numbered(2), 50));
  EXPECT_EQ(queue.Pop().event, first);
  EXPECT_EQ(queue.Pop().event->sequence(), 2u);
  EXPECT_EQ(queue.Pop().event, nullptr);
}

TEST(SubscriberQueue, DropsTheOldestAndSaysHowMany) {
  SubscriberQueue queue(notify::v1::SLOW_POLICY_DROP_OLDEST, 100);
  for (std::uint64_t i = 1; i <= 9; ++i) EXPECT_TRUE(queue.Push(Numbered(i), 40));
  const SharedEvent next = queue.Pop().event;
  EXPECT_EQ(next->sequence(), 8u);
  EXPECT_EQ(next->dropped(), 7u);
  EXPECT_EQ(queue.Pop().event->dropped(), 0u);
  EXPECT_TRUE(queue.status().ok());
}

TEST(SubscriberQueue, DropsAsManyAsALargeEventNeeds) {
  SubscriberQueue queue(notify::v1::SLOW_POLICY_DROP_OLDEST, 100);
  for (std::uint64_t i = 1; i <= 4; ++i) queue.Push(Numbered(i), 25);
  EXPECT_TRUE(queue.Push(Numbered(5), 100));
  EXPECT_EQ(queue.Pop().event->dropped(), 4u);
}

TEST(SubscriberQueue, LetsGoOfDroppedEvents) {
  SubscriberQueue queue(notify::v1::SLOW_POLICY_DROP_OLDEST, 100);
  const SharedEvent first = Numbered(1);
  queue.Push(first, 100);
  queue.Push(Numbered(2), 100);
  EXPECT_EQ(first.use_count(), 1);
}

TEST(SubscriberQueue, ClosesWhenItIsFullAndNamesTheLimit) {
  SubscriberQueue queue(notify::v1::SLOW_POLICY_DISCONNECT, 100);
  const SharedEvent first = Numbered(1);
  EXPECT_TRUE(queue.Push(first, 60));
  EXPECT_FALSE(queue.Push(Numbered(2), 60));
  EXPECT_FALSE(queue.Push(Numbered(3), 1));
  EXPECT_EQ(queue.Pop().event, nullptr);
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(queue.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(queue.status().message(),
            "the subscriber is too slow: 1 events of 60 bytes are waiting for it; the limit is 100 "
            "bytes");
}

TEST(SubscriberQueue, HoldsPublishersBackUntilThereIsRoom) {
  SubscriberQueue queue(notify::v1::SLOW_POLICY_BLOCK, 100);
  EXPECT_FALSE(queue.HoldsBack(100));
  ASSERT_TRUE(queue.Push(Numbered(1), 60));
  EXPECT_FALSE(queue.HoldsBack(40));
  EXPECT_TRUE(queue.HoldsBack(41));
  EXPECT_TRUE(queue.Pop().publisher_waits);
  EXPECT_FALSE(queue.HoldsBack(41));
}

TEST(SubscriberQueue, HoldsNobodyBackWithoutThatPolicyOrWhenItIsClosed) {
  SubscriberQueue dropping(notify::v1::SLOW_POLICY_DROP_OLDEST, 100);
  dropping.Push(Numbered(1), 100);
  EXPECT_FALSE(dropping.HoldsBack(1));
  SubscriberQueue blocking(notify::v1::SLOW_POLICY_BLOCK, 100);
  blocking.Push(Numbered(1), 100);
  EXPECT_FALSE(blocking.Push(Numbered(2), 1));  // By somebody who did not wait.
  EXPECT_FALSE(blocking.HoldsBack(1));
}

}  // namespace
}  // namespace services
