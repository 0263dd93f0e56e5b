// A condition variable that also counts, so that a simulation sees whom a notification wakes.
#pragma once

#include <condition_variable>
#include <cstdint>

namespace piperpc::transport {

// Notified with the lock held that guards what is waited for.
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  void NotifyOne() {
    ++notified_;
    variable_.notify_one();
  }
  void NotifyAll() {
    ++notified_;
    variable_.notify_all();
  }

  std::condition_variable& variable() { return variable_; }
  std::uint64_t notified() const { return notified_; }  // With the lock.

 private:
  std::condition_variable variable_;
  std::uint64_t notified_ = 0;
};

}  // namespace piperpc::transport
