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
      if (const auto slots = std::exchange(slots_, nullptr)) slots->Give();
    }

   private:
    friend class ConnectionSlots;
    explicit Slot(std::shared_ptr<ConnectionSlots> slots) : slots_(std::move(slots)) {}
    std::shared_ptr<ConnectionSlots> slots_;
  };

  // `parent`: those that these are a part of; null: none.
  explicit ConnectionSlots(std::size_t limit, std::shared_ptr<ConnectionSlots> parent = nullptr)
      : limit_(limit), parent_(std::move(parent)), free_(limit) {}

  std::size_t limit() const { return limit_; }
  bool unused() const { return free_ == limit_; }

  // An empty slot when all places are taken, here or in the parent. One thread; places become free
  // on any.
  Slot TryTake() { return Take() ? Slot(shared_from_this()) : Slot(); }

 private:
  bool Take() {
    if (free_ == 0 || (parent_ != nullptr && !parent_->Take())) return false;
    --free_;
    return true;
  }
  void Give() {
    if (parent_ != nullptr) parent_->Give();
    ++free_;
  }

  const std::size_t limit_;
  const std::shared_ptr<ConnectionSlots> parent_;
  std::atomic<std::size_t> free_;
};

}  // namespace piperpc::transport
