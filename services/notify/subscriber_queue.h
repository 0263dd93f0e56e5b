// The queue of events for one subscriber.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "notify/v1/notify.pb.h"
#include "piperpc/async.h"
#include "piperpc/internal/mutex.h"

namespace services {

// The queues of all subscribers share an event; it is not copied.
using SharedEvent = std::shared_ptr<const notify::v1::Event>;

// Limited in bytes; the policy decides what happens when it is full. Publishers push on any thread,
// one at a time; one subscriber pops.
class SubscriberQueue {
 public:
  // `policy` is not SLOW_POLICY_UNSPECIFIED.
  SubscriberQueue(notify::v1::SlowPolicy policy, std::size_t limit_bytes)
      : policy_(policy), limit_bytes_(limit_bytes) {}

  // True when a publisher should wait before it pushes `bytes`: the policy is to block, and they do
  // not fit. The next Pop() then has `publisher_waits`.
  bool HoldsBack(std::size_t bytes);

  // Adds an event that counts as `bytes`, at most the limit, after dropping older ones if that is
  // the policy. False: it does not fit, or an earlier one did not; the queue is closed and empty,
  // and status() names the limit.
  bool Push(SharedEvent event, std::size_t bytes);

  struct Popped {
    SharedEvent event;  // Null: there is none. Event::dropped is set when others were dropped.
    bool publisher_waits = false;
  };
  Popped Pop();

  // Calls `cut_off` with status() when a push closes the queue; at once, if that has happened
  // already. It runs on the publisher's thread and under the queue's lock, so it should only post
  // work.
  void WhenCutOff(absl::AnyInvocable<void(const absl::Status&)> cut_off);

  // OK while the queue is open.
  absl::Status status() const;

  // Set when there is a new event to pop, or the queue was closed.
  piperpc::AsyncEvent& changed() { return changed_; }

 private:
  struct Entry {
    SharedEvent event;
    std::size_t bytes;
  };
  bool HasSpace(std::size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return bytes <= limit_bytes_ - queued_bytes_;
  }
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CutOff() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const notify::v1::SlowPolicy policy_;
  const std::size_t limit_bytes_;
  piperpc::AsyncEvent changed_;
  mutable piperpc::internal::Mutex mutex_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;  // Since the last pop.
  bool publisher_waits_ ABSL_GUARDED_BY(mutex_) = false;
  absl::AnyInvocable<void(const absl::Status&)> cut_off_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace services
