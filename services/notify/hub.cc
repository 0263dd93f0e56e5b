#include "services/notify/hub.h"

#include <google/protobuf/util/time_util.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/executor.h"
#include "services/clock/countable.h"

namespace services {
namespace {

using notify::v1::Event;
using notify::v1::SlowPolicy;

// The event that says "you are subscribed" and those of logins always fit.
constexpr std::size_t kMinQueueBytes = 4096;

// The memory of a queue for each event, besides the event itself.
constexpr std::size_t kEntryBytes = 64;

bool IsPolicy(SlowPolicy policy) {
  return policy != notify::v1::SLOW_POLICY_UNSPECIFIED && notify::v1::SlowPolicy_IsValid(policy);
}

std::size_t PlacesOfUser(const HubOptions& options) {
  if (options.max_subscribers_per_user != 0) return options.max_subscribers_per_user;
  return options.max_subscribers - options.max_subscribers / 4;
}

SharedEvent MakeSubscribed(SlowPolicy policy, std::size_t queue_bytes, std::uint64_t sequence) {
  auto event = std::make_shared<Event>();
  event->set_sequence(sequence);
  *event->mutable_time() = google::protobuf::util::TimeUtil::GetCurrentTime();
  event->mutable_subscribed()->set_policy(policy);
  event->mutable_subscribed()->set_queue_bytes(queue_bytes);
  return event;
}

std::size_t BytesOf(const Event& event) { return event.SpaceUsedLong() + kEntryBytes; }

}  // namespace

// A publisher that waits for subscribers whose queues are full.
struct Hub::BlockedPublisher {
  piperpc::AsyncEvent changed;
  std::atomic<bool> time_is_up = false;
};

// Registers a blocked publisher with the hub while it waits.
class Hub::Registration {
 public:
  explicit Registration(Hub& hub) : hub_(hub) {
    const piperpc::internal::MutexLock lock(hub_.mutex_);
    hub_.blocked_.insert(publisher_.get());
  }
  ~Registration() {
    const piperpc::internal::MutexLock lock(hub_.mutex_);
    hub_.blocked_.erase(publisher_.get());
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  void StartTimer(std::chrono::milliseconds limit) {
    timer_.emplace(std::chrono::steady_clock::now() + Countable(limit), [this] {
      publisher_->time_is_up = true;
      publisher_->changed.Set();
    });
  }

  BlockedPublisher* operator->() { return publisher_.get(); }

 private:
  Hub& hub_;
  const std::unique_ptr<BlockedPublisher> publisher_ = std::make_unique<BlockedPublisher>();
  std::optional<piperpc::Timer> timer_;
};

Feed::~Feed() { hub_.Remove(*this); }

piperpc::Task<SharedEvent> Feed::Next(std::stop_token stop) {
  for (;;) {
    SharedEvent event = TryNext();
    if (event != nullptr || !status().ok()) co_return event;
    auto change = queue_.changed().Wait(stop);
    const bool changed = co_await change;
    if (!changed) co_return SharedEvent();
  }
}

SharedEvent Feed::TryNext() {
  SubscriberQueue::Popped popped = queue_.Pop();
  if (popped.publisher_waits) hub_.WakePublishers();
  return std::move(popped.event);
}

absl::StatusOr<std::unique_ptr<Hub>> Hub::Create(HubOptions options) {
  if (options.queue_bytes < kMinQueueBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the subscriber queue has ", options.queue_bytes,
                                                   " bytes; it must have at least ",
                                                   kMinQueueBytes));
  }
  if (!IsPolicy(options.policy)) {
    return absl::InvalidArgumentError(absl::StrCat("not a valid policy for slow subscribers: ",
                                                   static_cast<int>(options.policy)));
  }
  return std::unique_ptr<Hub>(new Hub(options));
}

absl::StatusOr<std::unique_ptr<Feed>> Hub::Open(std::string_view user, SlowPolicy policy) {
  if (policy == notify::v1::SLOW_POLICY_UNSPECIFIED) policy = options_.policy;
  if (!IsPolicy(policy)) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a valid policy for slow subscribers: ", static_cast<int>(policy)));
  }
  auto feed = std::make_unique<Feed>(*this, user, policy, options_.queue_bytes);
  // The feed is declared before the lock, which its destructor takes.
  const piperpc::internal::MutexLock lock(mutex_);
  if (absl::Status full = CheckPlaces(feed->user_); !full.ok()) return full;
  SharedEvent subscribed = MakeSubscribed(policy, options_.queue_bytes, sequence_);
  const std::size_t bytes = BytesOf(*subscribed);
  feed->queue_.Push(std::move(subscribed), bytes);
  feeds_.insert(feed.get());
  ++feeds_of_[feed->user_];
  return feed;
}

absl::Status Hub::CheckPlaces(const std::string& user) const {
  if (feeds_.size() >= options_.max_subscribers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", feeds_.size(), " subscribers; the limit is ",
                     options_.max_subscribers, " (max_subscribers)"));
  }
  const auto own = feeds_of_.find(user);
  const std::size_t limit = PlacesOfUser(options_);
  if (own == feeds_of_.end() || own->second < limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("user ", user, " has ", own->second,
                                                   " subscribers; the limit is ", limit,
                                                   " (max_subscribers_per_user)"));
}

absl::StatusOr<Hub::Published> Hub::Announce(Event event) {
  absl::StatusOr<Draft> draft = MakeDraft(std::move(event));
  if (!draft.ok()) return draft.status();
  return *Deliver(*draft, Slow::kCutOff);
}

piperpc::Task<absl::StatusOr<Hub::Published>> Hub::Publish(Event event, std::stop_token stop) {
  absl::StatusOr<Draft> draft = MakeDraft(std::move(event));
  if (!draft.ok()) co_return draft.status();
  std::optional<Published> published = Deliver(*draft, Slow::kHoldBack);
  if (published) co_return *published;
  auto publication = PublishWhenWritable(*std::move(draft), std::move(stop));
  co_return co_await publication;
}

piperpc::Task<absl::StatusOr<Hub::Published>> Hub::PublishWhenWritable(Draft draft,
                                                                       std::stop_token stop) {
  Registration publisher(*this);
  publisher.StartTimer(options_.block_limit);
  for (;;) {
    const Slow slow = publisher->time_is_up ? Slow::kCutOff : Slow::kHoldBack;
    const std::optional<Published> published = Deliver(draft, slow);
    if (published) co_return *published;
    auto change = publisher->changed.Wait(stop);
    const bool changed = co_await change;
    if (!changed) co_return absl::CancelledError("the publisher was stopped");
  }
}

absl::StatusOr<Hub::Draft> Hub::MakeDraft(Event event) const {
  *event.mutable_time() = google::protobuf::util::TimeUtil::GetCurrentTime();
  const std::size_t bytes = BytesOf(event);
  if (bytes > options_.queue_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the event takes ", bytes, " bytes; the limit of a subscriber's queue is ",
                     options_.queue_bytes));
  }
  return Draft{std::move(event), bytes};
}

// None when a subscriber makes the publisher wait.
std::optional<Hub::Published> Hub::Deliver(Draft& draft, Slow slow) {
  const piperpc::internal::MutexLock lock(mutex_);
  if (slow == Slow::kHoldBack && SomebodyHoldsBack(draft.bytes)) return std::nullopt;
  return PushToAll(draft);
}

bool Hub::SomebodyHoldsBack(std::size_t bytes) {
  for (Feed* feed : feeds_) {
    if (feed->queue_.HoldsBack(bytes)) return true;
  }
  return false;
}

Hub::Published Hub::PushToAll(Draft& draft) {
  Published published;
  published.sequence = ++sequence_;
  draft.event.set_sequence(sequence_);
  const SharedEvent event = std::make_shared<const Event>(std::move(draft.event));
  for (Feed* feed : feeds_) {
    if (feed->queue_.Push(event, draft.bytes)) ++published.subscribers;
  }
  return published;
}

void Hub::WakePublishers() {
  const piperpc::internal::MutexLock lock(mutex_);
  for (BlockedPublisher* publisher : blocked_) publisher->changed.Set();
}

void Hub::Remove(Feed& feed) {
  const piperpc::internal::MutexLock lock(mutex_);
  if (feeds_.erase(&feed) != 0) {
    const auto own = feeds_of_.find(feed.user_);
    if (--own->second == 0) feeds_of_.erase(own);
  }
  for (BlockedPublisher* publisher : blocked_) publisher->changed.Set();
}

}  // namespace services
