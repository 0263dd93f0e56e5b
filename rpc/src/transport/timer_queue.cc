#include "src/transport/timer_queue.h"

#include <utility>

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
  --count_;
  if (std::exchange(timer.place_, Timer::Place::kNowhere) == Timer::Place::kInLine) {
    LeaveLine(timer);
  } else {
    LeaveHeap(timer);
  }
}

void TimerQueue::Fire(base::TimePoint now, std::size_t most) {
  for (std::size_t turns = std::min(count_, most); turns > 0 && next() <= now; --turns) {
    Timer& timer = First();
    Cancel(timer);
    timer.OnTimer();
  }
}

// There is one.
TimerQueue::Timer& TimerQueue::First() const {
  if (top_ == nullptr) return *first_;
  return first_ != nullptr && first_->when_ <= top_->when_ ? *first_ : *top_;
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
  timer.place_ = Timer::Place::kInLine;
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
  timer.place_ = Timer::Place::kInHeap;
  timer.ahead_ = timer.behind_ = timer.below_ = nullptr;
  top_ = Join(top_, &timer);
}

void TimerQueue::LeaveHeap(Timer& timer) {
  Timer* const below = JoinAll(timer.below_);
  if (&timer == top_) {
    top_ = below;
    return;
  }
  Timer*& here = timer.ahead_->below_ == &timer ? timer.ahead_->below_ : timer.ahead_->behind_;
  here = timer.behind_;
  if (timer.behind_ != nullptr) timer.behind_->ahead_ = timer.ahead_;
  top_ = Join(top_, below);
}

// Two heaps, either of which may be empty, to one. Their tops have nobody beside them.
TimerQueue::Timer* TimerQueue::Join(Timer* a, Timer* b) {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  if (b->when_ < a->when_) std::swap(a, b);
  b->ahead_ = a;
  b->behind_ = a->below_;
  if (b->behind_ != nullptr) b->behind_->ahead_ = b;
  a->below_ = b;
  return a;
}

// `first` and those behind it, in pairs, and then these pairs: which makes the heap flatter.
TimerQueue::Timer* TimerQueue::JoinAll(Timer* first) {
  Timer* pairs = nullptr;  // The last one first.
  while (first != nullptr) {
    Timer* const a = first;
    Timer* const b = a->behind_;
    first = b == nullptr ? nullptr : b->behind_;
    for (Timer* const each : {a, b}) {
      if (each != nullptr) each->ahead_ = each->behind_ = nullptr;
    }
    Timer* const pair = Join(a, b);
    pair->behind_ = pairs;
    pairs = pair;
  }
  Timer* all = nullptr;
  while (pairs != nullptr) {
    Timer* const next = std::exchange(pairs->behind_, nullptr);
    all = Join(all, pairs);
    pairs = next;
  }
  return all;
}

}  // namespace piperpc::transport
