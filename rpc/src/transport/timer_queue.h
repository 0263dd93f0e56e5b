// Timers by the time they fire. Most are set in the order in which they fire, as the deadlines of
// calls that may take equally long are: these stand in line, and cost next to nothing. Those that
// would push in far ahead are in a pairing heap beside it: to set one costs next to nothing, too,
// and to move or cancel one amortized O(log n). Both run through the timers themselves, so
// nothing is allocated. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "src/base/clock.h"
#include "src/base/export_to_testing.h"
#include "src/transport/event_loop.h"

namespace piperpc::transport {

class PIPERPC_EXPORT_TO_TESTING TimerQueue {
 public:
  using Timer = EventLoop::Timer;

  void Schedule(Timer& timer, base::TimePoint when);
  void Cancel(Timer& timer);

  // When the first timer fires; kNever when there is none.
  base::TimePoint next() const {
    const base::TimePoint in_line = first_ == nullptr ? base::kNever : first_->when_;
    return top_ == nullptr ? in_line : std::min(in_line, top_->when_);
  }

  // For a loop: so few that packets which have just come wait for a fraction of a millisecond. All
  // deadlines of one client may pass at one moment; what is a timer itself waits for all of them,
  // and packets that were kept are.
  static constexpr std::size_t kMostInIteration = 256;

  // Fires what is due at `now`, in order, but no more than `most`. A timer that is set again to a
  // time that has passed waits for the next call, at the latest when all others have had their
  // turn.
  void Fire(base::TimePoint now, std::size_t most = std::numeric_limits<std::size_t>::max());

 private:
  Timer& First() const;

  bool StandInLine(Timer& timer);
  void LeaveLine(Timer& timer);

  void Push(Timer& timer);
  void LeaveHeap(Timer& timer);
  static Timer* Join(Timer* a, Timer* b);
  static Timer* JoinAll(Timer* first);

  std::size_t count_ = 0;
  Timer* first_ = nullptr;  // The line, in order.
  Timer* last_ = nullptr;
  Timer* top_ = nullptr;  // Of the heap; it fires first.
};

}  // namespace piperpc::transport
