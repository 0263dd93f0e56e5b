// The hub: passes events from publishers to subscribers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "notify/v1/notify.pb.h"
#include "piperpc/async.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/task.h"
#include "services/notify/subscriber_queue.h"

namespace services {

struct HubOptions {
  // The limit of one subscriber's queue in bytes, 4 KiB or more. An event counts with the memory
  // that it uses, in each queue that it is in.
  std::size_t queue_bytes = 1024 * 1024;

  // For subscribers that do not choose one.
  notify::v1::SlowPolicy policy = notify::v1::SLOW_POLICY_DROP_OLDEST;

  // Subscribers at once, in all and of one user of the system. max_subscribers_per_user 0: three
  // quarters of max_subscribers.
  std::size_t max_subscribers = 10'000;
  std::size_t max_subscribers_per_user = 0;

  // How long one Publish() waits for slow subscribers whose policy is to block;
  // milliseconds::max(): without a limit.
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

  // Returns the next event; null when `stop` was requested to stop, or when the subscriber was
  // disconnected as too slow (then status() is not OK). The first event is `subscribed`. Only on an
  // executor; one at a time.
  piperpc::Task<SharedEvent> Next(std::stop_token stop);

  // The next event if there is one, else null. Any thread, but not while Next() runs.
  SharedEvent TryNext();

  // See SubscriberQueue. For a subscriber that is not in Next() when it is disconnected.
  void WhenCutOff(absl::AnyInvocable<void(const absl::Status&)> cut_off) {
    queue_.WhenCutOff(std::move(cut_off));
  }

  // RESOURCE_EXHAUSTED: the subscriber was disconnected as too slow; the text names the limit. Else
  // OK.
  absl::Status status() const { return queue_.status(); }

 private:
  friend class Hub;
  Hub& hub_;
  const std::string user_;
  SubscriberQueue queue_;
};

// Passes each event to all subscribers of that moment, in the same order for all. Thread-safe. Must
// outlive its feeds.
class Hub {
 public:
  struct Published {
    std::uint64_t sequence = 0;
    std::uint32_t subscribers = 0;  // That have it in their queues.
  };

  // INVALID_ARGUMENT names an option that is out of its range.
  static absl::StatusOr<std::unique_ptr<Hub>> Create(HubOptions options);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Subscribes for `user` (Peer::user): the feed gets every event that is published after this
  // returns. INVALID_ARGUMENT: not a valid policy; RESOURCE_EXHAUSTED: max_subscribers or
  // max_subscribers_per_user is reached.
  absl::StatusOr<std::unique_ptr<Feed>> Open(std::string_view user, notify::v1::SlowPolicy policy);

  // Publishes `event`, of which the caller has set the kind, without waiting: subscribers whose
  // policy is to block are disconnected when their queue is full. RESOURCE_EXHAUSTED: it is larger
  // than a queue.
  absl::StatusOr<Published> Announce(notify::v1::Event event);

  // The same, but first waits up to block_limit for full queues of subscribers whose policy is to
  // block. CANCELLED: `stop` was requested first, and nothing was published. Only on an executor,
  // which must outlive the wait.
  piperpc::Task<absl::StatusOr<Published>> Publish(notify::v1::Event event, std::stop_token stop);

 private:
  friend class Feed;
  struct Draft {
    notify::v1::Event event;
    std::size_t bytes;
  };
  struct BlockedPublisher;
  class Registration;
  enum class Slow { kHoldBack, kCutOff };

  explicit Hub(HubOptions options) : options_(options) {}
  absl::Status CheckPlaces(const std::string& user) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Draft> MakeDraft(notify::v1::Event event) const;
  std::optional<Published> Deliver(Draft& draft, Slow slow);
  bool SomebodyHoldsBack(std::size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Published PushToAll(Draft& draft) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  piperpc::Task<absl::StatusOr<Published>> PublishWhenWritable(Draft draft, std::stop_token stop);
  void WakePublishers();
  void Remove(Feed& feed);

  const HubOptions options_;
  piperpc::internal::Mutex mutex_;  // Taken before that of a queue. Events are numbered under it.
  std::uint64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unordered_set<Feed*> feeds_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::size_t> feeds_of_ ABSL_GUARDED_BY(mutex_);  // By their user.
  std::unordered_set<BlockedPublisher*> blocked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace services
