#include "src/transport/timer_queue.h"

namespace piperpc::transport {

void TimerQueue::Schedule(Timer& timer, TimePoint when) {
  Cancel(timer);
  timer.when_ = when;
  heap_.push_back(&timer);
  timer.slot_ = heap_.size() - 1;
  SiftUp(timer.slot_);
}

void TimerQueue::Cancel(Timer& timer) {
  if (!timer.scheduled()) return;
  const std::size_t slot = timer.slot_;
  Timer& last = *heap_.back();
  heap_.pop_back();
  timer.slot_ = Timer::kNone;
  if (&last == &timer) return;
  Put(last, slot);
  SiftUp(slot);
  SiftDown(last.slot_);
}

void TimerQueue::Fire(TimePoint now) {
  for (std::size_t turns = heap_.size(); turns > 0 && next() <= now; --turns) {
    Timer& timer = *heap_.front();
    Cancel(timer);
    timer.OnTimer();
  }
}

void TimerQueue::Put(Timer& timer, std::size_t slot) {
  heap_[slot] = &timer;
  timer.slot_ = slot;
}

void TimerQueue::SiftUp(std::size_t slot) {
  Timer& timer = *heap_[slot];
  while (slot > 0) {
    const std::size_t parent = (slot - 1) / 2;
    if (heap_[parent]->when_ <= timer.when_) break;
    Put(*heap_[parent], slot);
    slot = parent;
  }
  Put(timer, slot);
}

void TimerQueue::SiftDown(std::size_t slot) {
  Timer& timer = *heap_[slot];
  while (2 * slot + 1 < heap_.size()) {
    std::size_t child = 2 * slot + 1;
    if (child + 1 < heap_.size() && heap_[child + 1]->when_ < heap_[child]->when_) ++child;
    if (timer.when_ <= heap_[child]->when_) break;
    Put(*heap_[child], slot);
    slot = child;
  }
  Put(timer, slot);
}

}  // namespace piperpc::transport
