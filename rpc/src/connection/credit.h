// Flow control of one direction of one call; see PROTOCOL.md, "Credit".
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "src/wire/limits.h"

namespace piperpc::connection {

constexpr std::int64_t CreditCost(std::size_t message_size) {
  return static_cast<std::int64_t>(message_size + wire::kMessageOverhead);
}

// The sender's side: what may still be sent. What is above 2^63 - 1, given at once or in sum, stays
// there.
class SendCredit {
 public:
  explicit SendCredit(std::uint64_t initial) { Add(initial); }
  bool may_send() const { return left_ > 0; }
  void Spend(std::size_t message_size) { left_ -= CreditCost(message_size); }
  void Add(std::uint64_t bytes) {
    const auto left = static_cast<std::uint64_t>(left_);  // Below zero: counted modulo 2^64.
    const std::uint64_t room = static_cast<std::uint64_t>(kMost) - left;
    left_ = bytes >= room ? kMost : static_cast<std::int64_t>(left + bytes);
  }

 private:
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t left_ = 0;
};

// The receiver's side: what the peer may still send, and what it is time to give back.
class ReceiveCredit {
 public:
  explicit ReceiveCredit(std::uint64_t window)
      : window_(static_cast<std::int64_t>(window)), left_(window_) {}

  // The peer may begin a message; for one in parts it is asked at each, and counted at the last.
  bool may_receive() const { return left_ > 0; }

  // A message has come, and is whole. False: the peer had no credit left for it.
  bool Receive(std::size_t message_size) {
    if (!may_receive()) return false;
    left_ -= CreditCost(message_size);
    return true;
  }

  // A message was consumed. The bytes to grant now: zero until half of the window is due, so that
  // few frames do it.
  std::uint64_t Consume(std::size_t message_size) { return Return(CreditCost(message_size)); }

  // The same for several, of `cost` altogether.
  std::uint64_t Return(std::int64_t cost) {
    due_ += cost;
    if (due_ < window_ / 2) return 0;
    left_ += due_;
    const std::int64_t granted = due_;
    due_ = 0;
    return static_cast<std::uint64_t>(granted);
  }

 private:
  std::int64_t window_;
  std::int64_t left_;
  std::int64_t due_ = 0;
};

}  // namespace piperpc::connection
