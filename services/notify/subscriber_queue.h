// The events that one subscriber has not taken yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "notify/v1/notify.pb.h"
#include "piperpc/async.h"

namespace services {

// Shared between the queues of all subscribers: a fan-out copies nothing.
using SharedEvent = std::shared_ptr<const notify::v1::Event>;

// Never holds more than its limit: what a full queue does is its policy's. Publishers push on any
// thread, one at a time; one subscriber pops.
class SubscriberQueue {
 public:
  // `policy` is not SLOW_POLICY_UNSPECIFIED. What is pushed counts as many bytes as its pusher
  // says.
  SubscriberQueue(notify::v1::SlowPolicy policy, std::size_t limit_bytes)
      : policy_(policy), limit_bytes_(limit_bytes) {}

  // Whether a publisher who can wait should, for `bytes` of room: the policy is to block, and there
  // is none. Then the pop that makes room says so.
  bool HoldsBack(std::size_t bytes);

  // Adds an event of at most the limit, making room as the policy says. False: there is no room, or
  // there was none before: the queue is closed, empty, and status() names the limit.
  bool Push(SharedEvent event, std::size_t bytes);

  struct Popped {
    SharedEvent event;  // Null: there is none. Tells how many were dropped before it.
    bool room_wanted = false;
  };
  Popped Pop();

  // Calls `cut_off` with status() when a push finds no room and closes the queue; at once when that
  // has happened. It runs under the queue's lock, on the publisher's thread: it only passes on.
  void WhenCutOff(absl::AnyInvocable<void(const absl::Status&)> cut_off);

  // OK while the queue is open.
  absl::Status status() const;

  // Set whenever there is something new to pop, or the queue was closed.
  piperpc::AsyncEvent& changed() { return changed_; }

 private:
  struct Entry {
    SharedEvent event;
    std::size_t bytes;
  };
  bool Fits(std::size_t bytes) const { return bytes <= limit_bytes_ - queued_bytes_; }
  void DropOldest();
  void CutOff();

  const notify::v1::SlowPolicy policy_;
  const std::size_t limit_bytes_;
  piperpc::AsyncEvent changed_;
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t dropped_ = 0;  // Since the last pop.
  bool writable_wanted_ = false;
  absl::AnyInvocable<void(const absl::Status&)> cut_off_;
  absl::Status status_;
};

}  // namespace services
