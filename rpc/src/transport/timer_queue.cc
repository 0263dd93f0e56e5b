#include "src/transport/timer_queue.h"

namespace piperpc::transport {
namespace {

// So many that fire later may stand at the end of the line, and others still get in before them.
constexpr int kPassed = 4;

}  // namespace

void TimerQueue::Schedule(Timer& timer, base::TimePoint when) {
  Cancel(timer);
  timer.when_ = when;
  ++count_;
  if (!StandInLine(timer)) Push(timer);
}

void TimerQueue::Cancel(Timer& timer) {
  if (!timer.scheduled()) return;
  const std::size_t slot = timer.slot_;
  timer.slot_ = Timer::kNone;
  --count_;
  if (slot == Timer::kInLine) {
    LeaveLine(timer);
  } else {
    Remove(slot);
  }
}

void TimerQueue::Fire(base::TimePoint now) {
  for (std::size_t turns = count_; turns > 0 && next() <= now; --turns) {
    Timer& timer = First();
    Cancel(timer);
    timer.OnTimer();
  }
}

// There is one.
TimerQueue::Timer& TimerQueue::First() const {
  if (heap_.empty()) return *first_;
  return first_ != nullptr && first_->when_ <= heap_.front()->when_ ? *first_ : *heap_.front();
}

// False: its place is too far ahead.
bool TimerQueue::StandInLine(Timer& timer) {
  Timer* ahead = last_;
  Timer* behind = nullptr;
  for (int passed = 0; ahead != nullptr && timer.when_ < ahead->when_; ++passed) {
    if (passed == kPassed) return false;
    behind = ahead;
    ahead = ahead->ahead_;
  }
  timer.slot_ = Timer::kInLine;
  timer.ahead_ = ahead;
  timer.behind_ = behind;
  (ahead == nullptr ? first_ : ahead->behind_) = &timer;
  (behind == nullptr ? last_ : behind->ahead_) = &timer;
  return true;
}

void TimerQueue::LeaveLine(Timer& timer) {
  (timer.ahead_ == nullptr ? first_ : timer.ahead_->behind_) = timer.behind_;
  (timer.behind_ == nullptr ? last_ : timer.behind_->ahead_) = timer.ahead_;
}

void TimerQueue::Push(Timer& timer) {
  heap_.push_back(&timer);
  timer.slot_ = heap_.size() - 1;
  SiftUp(timer.slot_);
}

void TimerQueue::Remove(std::size_t slot) {
  Timer& last = *heap_.back();
  heap_.pop_back();
  if (slot == heap_.size()) return;
  Put(last, slot);
  SiftUp(slot);
  SiftDown(last.slot_);
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
