// Timers by the time they fire: a binary heap in which every timer knows its own place, so that it
// is moved and cancelled in O(log n) and without allocation. One thread.
#pragma once

#include <cstddef>
#include <vector>

#include "src/base/clock.h"
#include "src/transport/event_loop.h"

namespace piperpc::transport {

class TimerQueue {
 public:
  using Timer = EventLoop::Timer;

  void Schedule(Timer& timer, TimePoint when);
  void Cancel(Timer& timer);

  // When the first timer fires; kNever when there is none.
  TimePoint next() const { return heap_.empty() ? kNever : heap_.front()->when_; }

  // Fires what is due at `now`, in order. A timer that is set again to a time that has passed waits
  // for the next call, at the latest when all others have had their turn.
  void Fire(TimePoint now);

 private:
  void Put(Timer& timer, std::size_t slot);
  void SiftUp(std::size_t slot);
  void SiftDown(std::size_t slot);

  std::vector<Timer*> heap_;
};

}  // namespace piperpc::transport
