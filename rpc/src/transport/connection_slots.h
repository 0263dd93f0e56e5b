// Counts the pipes that a listener has handed out and that are not closed yet. The pipes may live
// on other threads, and may outlive the listener.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

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
    void Reset() {
      if (const auto slots = std::exchange(slots_, nullptr)) ++slots->free_;
    }

   private:
    friend class ConnectionSlots;
    explicit Slot(std::shared_ptr<ConnectionSlots> slots) : slots_(std::move(slots)) {}
    std::shared_ptr<ConnectionSlots> slots_;
  };

  explicit ConnectionSlots(std::size_t limit) : limit_(limit), free_(limit) {}

  std::size_t limit() const { return limit_; }

  // An empty slot when all places are taken. One thread; places become free on any.
  Slot TryTake() {
    if (free_ == 0) return Slot();
    --free_;
    return Slot(shared_from_this());
  }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> free_;
};

}  // namespace piperpc::transport
