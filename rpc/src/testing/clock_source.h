// The time of a FakeClock, and who waits for it to go on.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "src/base/clock.h"

namespace piperpc::internal {

// Any thread.
class ClockSource {
 public:
  class Waiter {
   public:
    virtual ~Waiter() = default;

    // The time has gone on, to `now`.
    virtual void Tell() = 0;

    // Waits until what is due then has run, until `limit`, in real time, at the latest.
    virtual void Settle(base::TimePoint now, base::TimePoint limit) = 0;
  };

  base::TimePoint Now() const {
    return base::TimePoint(base::Duration(now_.load(std::memory_order_acquire)));
  }

  // Tells all, and waits for them, for a bounded time.
  void Advance(base::Duration by);

  void Add(const std::shared_ptr<Waiter>& waiter);
  void Remove(const std::shared_ptr<Waiter>& waiter);

 private:
  std::atomic<base::Duration::rep> now_ = base::Clock::now().time_since_epoch().count();
  Mutex mutex_;
  std::vector<std::shared_ptr<Waiter>> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace piperpc::internal
