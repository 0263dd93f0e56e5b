#include "src/transport/post_queue.h"

#include <utility>

namespace piperpc::transport {

void PostQueue::Push(Work work, bool in_loop) {
  const std::lock_guard lock(mutex_);
  pushed_.push_back(std::move(work));
  if (!in_loop) WakeIfWaiting();
}

void PostQueue::Stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  WakeIfWaiting();
}

bool PostQueue::BeginWait() {
  const std::lock_guard lock(mutex_);
  waiting_ = pushed_.empty() && !stop_;
  return waiting_;
}

bool PostQueue::RunAll() {
  bool stop = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
    stop = std::exchange(stop_, false);
    pushed_.swap(running_);
  }
  for (Work& work : running_) work();
  running_.clear();
  return stop;
}

void PostQueue::WakeIfWaiting() {
  if (std::exchange(waiting_, false)) wake_();
}

}  // namespace piperpc::transport
