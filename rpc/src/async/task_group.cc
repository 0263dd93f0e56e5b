#include "piperpc/internal/task_group.h"

namespace piperpc::internal {

// Members may resume the coroutine on other threads as soon as this has left: so nothing of its
// frame is used after that.
bool TaskGroup::Awaiter::await_suspend(std::coroutine_handle<> awaiting) {
  TaskGroup& group = group_;
  group.awaiting_ = awaiting;
  group.pending_.store(members_.size() + 1, std::memory_order_relaxed);
  for (Member* const member : members_) {
    if (group.decider() == nullptr) {
      member->Start();
    } else {
      group.Leave();
    }
  }
  return !group.Leave();
}

void TaskGroup::OnEnd(Member& member, bool threw) {
  Member* none = nullptr;
  if ((threw || decided_by_ == DecidedBy::kFirstToEnd) &&
      decider_.compare_exchange_strong(none, &member, std::memory_order_acq_rel)) {
    stop_.RequestStop();
  }
  if (Leave()) awaiting_.resume();
}

}  // namespace piperpc::internal
