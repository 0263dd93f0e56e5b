// Counts the pipes that a listener has handed out and that are not closed yet. The pipes may live
// on other threads, and may outlive the listener.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "absl/functional/any_invocable.h"
#include "src/transport/event_loop.h"

namespace piperpc::transport {

class ConnectionSlots : public std::enable_shared_from_this<ConnectionSlots> {
 public:
  // One pipe's place; it is free again when this goes away or is reset.
  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) = default;
    Slot& operator=(Slot&& other) noexcept {
      slots_.swap(other.slots_);
      return *this;
    }
    ~Slot() { Reset(); }

    explicit operator bool() const { return slots_ != nullptr; }
    void Reset();

   private:
    friend class ConnectionSlots;
    explicit Slot(std::shared_ptr<ConnectionSlots> slots) : slots_(std::move(slots)) {}
    std::shared_ptr<ConnectionSlots> slots_;
  };

  // `on_free` runs on `loop` when a place has become free after TryTake() had failed.
  ConnectionSlots(std::size_t limit, EventLoop& loop, absl::AnyInvocable<void()> on_free);

  // An empty slot when all places are taken. Loop thread.
  Slot TryTake();

  // Neither the loop nor `on_free` is touched after this. Loop thread.
  void Close();

 private:
  void Give();

  std::mutex mutex_;
  std::size_t free_;
  bool wanted_ = false;
  EventLoop* loop_;                     // Null after Close(). Written on the loop thread only.
  absl::AnyInvocable<void()> on_free_;  // Loop thread only.
};

}  // namespace piperpc::transport
