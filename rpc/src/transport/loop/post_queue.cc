#include "src/transport/loop/post_queue.h"

#include <utility>

namespace piperpc::transport {

void PostQueue::Push(Work work, bool in_loop) {
  const internal::MutexLock lock(mutex_);
  pushed_.push_back(std::move(work));
  Tell(in_loop);
}

void PostQueue::Stop() {
  const internal::MutexLock lock(mutex_);
  stop_ = true;
  Tell(false);
}

bool PostQueue::BeginWait() {
  State expected = State::kAwake;
  return state_.compare_exchange_strong(expected, State::kWaits);
}

// What one piece of work throws must end neither the loop nor the process, nor what was posted with
// it.
void PostQueue::RunOne(Work& work) {
  try {
    work();
  } catch (...) {  // As executor.h says.
  }
}

bool PostQueue::RunAll() {
  if (state_.exchange(State::kAwake) != State::kHasWork) return false;
  bool stop = false;
  {
    const internal::MutexLock lock(mutex_);
    stop = std::exchange(stop_, false);
    pushed_.swap(running_);
  }
  for (Work& work : running_) RunOne(work);
  running_.clear();
  return stop;
}

void PostQueue::Tell(bool in_loop) {
  const State before = state_.exchange(State::kHasWork);
  if (before == State::kWaits && !in_loop) wake_();
}

}  // namespace piperpc::transport
