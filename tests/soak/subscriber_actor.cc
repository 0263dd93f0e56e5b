#include <chrono>
#include <optional>

#include "notify/v1/notify.piperpc.h"
#include "soak/actor.h"

namespace piperpc::soak {
namespace {

using std::chrono::milliseconds;

// Each event comes once and in order, or is counted as dropped.
class Sequence {
 public:
  void Add(Actor& actor, const notify::v1::Event& event) {
    if (!event.has_subscribed()) {
      actor.Require(event.sequence() == last_ + event.dropped() + 1, "events are missing");
    }
    last_ = event.sequence();
    actor.tally().Add(event.has_message() ? "event: message" : "event: other");
    actor.tally().Add("event: dropped", event.dropped());
  }

 private:
  std::uint64_t last_ = 0;
};

notify::v1::SubscribeRequest AnyPolicy(Actor& actor) {
  notify::v1::SubscribeRequest request;
  request.set_policy(static_cast<notify::v1::SlowPolicy>(
      actor.Number(notify::v1::SLOW_POLICY_BLOCK, notify::v1::SLOW_POLICY_DISCONNECT)));
  return request;
}

void SubscribeOnce(Actor& actor) {
  const bool slow = actor.Chance(40);
  const notify::v1::SubscribeRequest request = AnyPolicy(actor);
  notify::v1::NotifyClient client(actor.ConnectTo(actor.target().daemon));
  auto events = client.Subscribe(request, {.stop = actor.stop()});
  Sequence sequence;
  for (int left = actor.Number(10, 500); left > 0; --left) {
    const std::optional<notify::v1::Event> event = events.Next();
    if (!event.has_value()) {
      // On a busy machine any subscriber may be too slow for its policy.
      if (request.policy() == notify::v1::SLOW_POLICY_DROP_OLDEST) {
        return actor.Count("Subscribe", events.status(), {absl::StatusCode::kCancelled});
      }
      return actor.Count("Subscribe", events.status(),
                         {absl::StatusCode::kCancelled, absl::StatusCode::kResourceExhausted});
    }
    sequence.Add(actor, *event);
    if (slow) actor.Pause(milliseconds(200));
  }
}

}  // namespace

void RunSubscribers(Actor& actor) {
  while (actor.Pause(milliseconds(300))) SubscribeOnce(actor);
}

}  // namespace piperpc::soak
