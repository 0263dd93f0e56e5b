#include "services/notify/subscriber_queue.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace services {
namespace {

using notify::v1::Event;

SharedEvent WithDropped(const SharedEvent& event, std::uint64_t dropped) {
  if (dropped == 0) return event;
  auto copy = std::make_shared<Event>(*event);
  copy->set_dropped(dropped);
  return copy;
}

}  // namespace

bool SubscriberQueue::HoldsBack(std::size_t bytes) {
  if (policy_ != notify::v1::SLOW_POLICY_BLOCK) return false;
  const piperpc::internal::MutexLock lock(mutex_);
  if (!status_.ok() || HasSpace(bytes)) return false;
  publisher_waits_ = true;
  return true;
}

bool SubscriberQueue::Push(SharedEvent event, std::size_t bytes) {
  const piperpc::internal::MutexLock lock(mutex_);
  if (!status_.ok()) return false;
  if (policy_ == notify::v1::SLOW_POLICY_DROP_OLDEST) {
    while (!entries_.empty() && !HasSpace(bytes)) DropOldest();
  }
  const bool fits = HasSpace(bytes);
  if (fits) {
    entries_.push_back({std::move(event), bytes});
    queued_bytes_ += bytes;
  } else {
    CutOff();
  }
  changed_.Set();
  return fits;
}

SubscriberQueue::Popped SubscriberQueue::Pop() {
  Popped popped;
  std::uint64_t dropped = 0;
  {
    const piperpc::internal::MutexLock lock(mutex_);
    if (entries_.empty()) return popped;
    popped.event = std::move(entries_.front().event);
    popped.publisher_waits = std::exchange(publisher_waits_, false);
    queued_bytes_ -= entries_.front().bytes;
    entries_.pop_front();
    dropped = std::exchange(dropped_, 0);
  }
  popped.event = WithDropped(popped.event, dropped);
  return popped;
}

void SubscriberQueue::WhenCutOff(absl::AnyInvocable<void(const absl::Status&)> cut_off) {
  const piperpc::internal::MutexLock lock(mutex_);
  cut_off_ = std::move(cut_off);
  if (!status_.ok()) cut_off_(status_);
}

absl::Status SubscriberQueue::status() const {
  const piperpc::internal::MutexLock lock(mutex_);
  return status_;
}

void SubscriberQueue::DropOldest() {
  queued_bytes_ -= entries_.front().bytes;
  entries_.pop_front();
  ++dropped_;
}

void SubscriberQueue::CutOff() {
  status_ = absl::ResourceExhaustedError(
      absl::StrCat("the subscriber is too slow: ", entries_.size(), " events of ", queued_bytes_,
                   " bytes are waiting for it; the limit is ", limit_bytes_, " bytes"));
  entries_ = {};
  queued_bytes_ = 0;
  if (cut_off_) cut_off_(status_);
}

}  // namespace services
