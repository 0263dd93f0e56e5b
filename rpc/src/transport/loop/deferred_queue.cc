#include "src/transport/loop/deferred_queue.h"

namespace piperpc::transport {

void DeferredQueue::Add(Deferred& work) {
  if (work.queued_) return;
  work.queued_ = true;
  work.previous_ = last_;
  work.next_ = nullptr;
  (last_ != nullptr ? last_->next_ : first_) = &work;
  last_ = &work;
  ++size_;
}

void DeferredQueue::Remove(Deferred& work) {
  if (!work.queued_) return;
  work.queued_ = false;
  (work.previous_ != nullptr ? work.previous_->next_ : first_) = work.next_;
  (work.next_ != nullptr ? work.next_->previous_ : last_) = work.previous_;
  --size_;
}

void DeferredQueue::Run() {
  for (int round = 0; round < kMaxRounds && !empty(); ++round) {
    for (std::size_t left = size_; left > 0 && !empty(); --left) {
      Deferred& work = *first_;
      Remove(work);
      work.OnIterationEnd();
    }
  }
}

}  // namespace piperpc::transport
