// Calls that are owed something on the loop, for example their callback.
//
// They hold their own places in the queue: so a call that ends can be told of it without memory.
#pragma once

#include <memory>
#include <utility>

#include "src/client/channel_mutex.h"

namespace piperpc::client {

// In one queue at a time, which keeps it alive.
class PendingCallback {
 public:
  virtual void Deliver() CHANNEL_UNLOCKED = 0;

 protected:
  ~PendingCallback() = default;

 private:
  friend class DueCallbacks;
  std::shared_ptr<PendingCallback> self_;  // In a queue.
  PendingCallback* next_ = nullptr;
};

// Not thread-safe.
class DueCallbacks {
 public:
  DueCallbacks() = default;
  ~DueCallbacks() {
    while (!empty()) Pop();
  }
  DueCallbacks(const DueCallbacks&) = delete;
  DueCallbacks& operator=(const DueCallbacks&) = delete;

  bool empty() const { return first_ == nullptr; }

  void Add(std::shared_ptr<PendingCallback> callback) {
    PendingCallback* const added = callback.get();
    added->self_ = std::move(callback);
    added->next_ = nullptr;
    Link(added, added);
  }

  // All of the other ones, which is empty then.
  void Append(DueCallbacks& others) {
    if (!others.empty()) Link(std::exchange(others.first_, nullptr), others.last_);
  }

  // Releases each before the next runs, so that its memory can be reused.
  void DeliverAll() CHANNEL_UNLOCKED {
    while (!empty()) Pop()->Deliver();
  }

 private:
  void Link(PendingCallback* first, PendingCallback* last) {
    (empty() ? first_ : last_->next_) = first;
    last_ = last;
  }

  std::shared_ptr<PendingCallback> Pop() {
    PendingCallback& popped = *std::exchange(first_, first_->next_);
    return std::move(popped.self_);
  }

  PendingCallback* first_ = nullptr;
  PendingCallback* last_ = nullptr;  // Of use while there is a first.
};

}  // namespace piperpc::client
