#include "src/transport/connection_slots.h"

#include <utility>

namespace piperpc::transport {

void ConnectionSlots::Slot::Reset() {
  if (const auto slots = std::exchange(slots_, nullptr)) slots->Give();
}

ConnectionSlots::ConnectionSlots(std::size_t limit, EventLoop& loop,
                                 absl::AnyInvocable<void()> on_free)
    : free_(limit), loop_(&loop), on_free_(std::move(on_free)) {}

ConnectionSlots::Slot ConnectionSlots::TryTake() {
  const std::lock_guard lock(mutex_);
  wanted_ = free_ == 0;
  if (wanted_) return Slot();
  --free_;
  return Slot(shared_from_this());
}

void ConnectionSlots::Close() {
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
}

void ConnectionSlots::Give() {
  const std::lock_guard lock(mutex_);
  ++free_;
  if (!std::exchange(wanted_, false) || loop_ == nullptr) return;
  loop_->Post([self = shared_from_this()] {
    if (self->loop_ != nullptr) self->on_free_();
  });
}

}  // namespace piperpc::transport
