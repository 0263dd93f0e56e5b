// Where publishers and subscribers meet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "notify/v1/notify.pb.h"
#include "piperpc/async.h"
#include "piperpc/task.h"
#include "services/notify/subscriber_queue.h"

namespace services {

struct HubOptions {
  // Of one subscriber's queue; 4 KiB and more. Events count with the memory that they take; one
  // that is in several queues counts in each.
  std::size_t queue_bytes = 1024 * 1024;

  // For subscribers who ask for none.
  notify::v1::SlowPolicy policy = notify::v1::SLOW_POLICY_DROP_OLDEST;

  // At once; and of one user of the system, so that nobody takes all of the places. 0: all but a
  // quarter of them.
  std::size_t max_subscribers = 10'000;
  std::size_t max_subscribers_per_user = 0;

  // How long one Publish() waits for slow subscribers whose policy is to block; milliseconds::max()
  // for as long as it takes.
  std::chrono::milliseconds block_limit{1000};
};

class Hub;

// One subscription; its destructor ends it. One coroutine reads it.
class Feed {
 public:
  Feed(Hub& hub, std::string_view user, notify::v1::SlowPolicy policy, std::size_t queue_bytes)
      : hub_(hub), user_(user), queue_(policy, queue_bytes) {}
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // The next event; null when `stop` was asked to stop, and when the subscriber was too slow for
  // its policy: status() tells. The first event is `subscribed`. Only on an executor; one at a
  // time.
  piperpc::Task<SharedEvent> Next(std::stop_token stop);

  // What Next() would give without waiting; null when nothing is there. Any thread, as long as
  // nobody is in Next().
  SharedEvent TryNext();

  // See SubscriberQueue: for a subscriber that is not in Next() when it turns out to be too slow.
  void WhenCutOff(absl::AnyInvocable<void(const absl::Status&)> cut_off) {
    queue_.WhenCutOff(std::move(cut_off));
  }

  // RESOURCE_EXHAUSTED names the limit when this subscriber was too slow; else OK.
  absl::Status status() const { return queue_.status(); }

 private:
  friend class Hub;
  Hub& hub_;
  const std::string user_;
  SubscriberQueue queue_;
};

// Gives every event to every subscriber that there is at that moment, in one order for all.
// Thread-safe. Outlives its feeds.
class Hub {
 public:
  struct Published {
    std::uint64_t sequence = 0;
    std::uint32_t subscribers = 0;  // Who have it in their queues.
  };

  // INVALID_ARGUMENT names an option that is out of its range.
  static absl::StatusOr<std::unique_ptr<Hub>> Create(HubOptions options);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Subscribes for `user`, as Peer::user; nothing that is published after the return is missed.
  // INVALID_ARGUMENT: no such policy; RESOURCE_EXHAUSTED: there are max_subscribers already, or
  // max_subscribers_per_user of this one.
  absl::StatusOr<std::unique_ptr<Feed>> Open(std::string_view user, notify::v1::SlowPolicy policy);

  // Publishes `event`, of which the caller has set the kind, and waits for nobody: subscribers that
  // block and have no room are disconnected. RESOURCE_EXHAUSTED: it is larger than a queue.
  absl::StatusOr<Published> Announce(notify::v1::Event event);

  // The same, after waiting up to block_limit for room in the queues of subscribers that block.
  // CANCELLED, and nothing was published, when `stop` came first. Only on an executor, which
  // outlives the wait.
  piperpc::Task<absl::StatusOr<Published>> Publish(notify::v1::Event event, std::stop_token stop);

 private:
  friend class Feed;
  struct Draft {
    notify::v1::Event event;
    std::size_t bytes;
  };
  struct Turn;
  class WaitingTurn;
  enum class Slow { kHoldBack, kCutOff };

  explicit Hub(HubOptions options) : options_(options) {}
  absl::Status CheckPlaces(const std::string& user) const;
  absl::StatusOr<Draft> MakeDraft(notify::v1::Event event) const;
  std::optional<Published> Deliver(Draft& draft, Slow slow);
  bool SomebodyHoldsBack(std::size_t bytes);
  Published PushToAll(Draft& draft);
  piperpc::Task<absl::StatusOr<Published>> PublishInTurn(Draft draft, std::stop_token stop);
  void WakePublishers();
  void Remove(Feed& feed);

  const HubOptions options_;
  std::mutex mutex_;  // Of all below. Taken before that of a queue. Its order is the events' order.
  std::uint64_t sequence_ = 0;
  std::unordered_set<Feed*> feeds_;
  std::unordered_map<std::string, std::size_t> feeds_of_;  // By their user.
  std::unordered_set<Turn*> waiting_;
};

}  // namespace services
