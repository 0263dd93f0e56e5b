// Memory for what peers send: messages that are not whole yet, and messages that wait for their
// handler. Counted for the server, within it for each user, and within that for each connection, so
// that none of them can take what the others need.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc {

// What several connections share. Thread-safe.
class ReceiveBudget {
 public:
  // `name`: the option behind the limit; a literal. `parent`: the budget that this one is a part
  // of, and that outlives it; null: none.
  ReceiveBudget(std::size_t limit, std::string_view name, ReceiveBudget* parent = nullptr)
      : limit_(limit), name_(name), parent_(parent) {}
  ReceiveBudget(const ReceiveBudget&) = delete;
  ReceiveBudget& operator=(const ReceiveBudget&) = delete;

  // Takes from this one and from those that it is a part of; from all of them or from none.
  bool Take(std::size_t bytes);
  void Give(std::size_t bytes);

  // That of these budgets which has no room for `bytes`; the outermost if all of them have.
  const ReceiveBudget& Full(std::size_t bytes) const;

  std::size_t limit() const { return limit_; }
  std::string_view name() const { return name_; }

 private:
  bool TakeHere(std::size_t bytes);

  const std::size_t limit_;
  const std::string_view name_;
  ReceiveBudget* const parent_;
  std::atomic<std::size_t> used_ = 0;
};

// What one connection has of it. Takes from the budget in steps, so that a small message costs no
// more than a comparison. One thread.
class ReceiveShare {
 public:
  // `budget` outlives it.
  ReceiveShare(std::size_t limit, std::string_view name, ReceiveBudget& budget);
  ~ReceiveShare();
  ReceiveShare(const ReceiveShare&) = delete;
  ReceiveShare& operator=(const ReceiveShare&) = delete;

  bool Take(std::size_t bytes) {
    if (bytes > reserved_ - used_ && !Reserve(bytes)) return false;
    used_ += bytes;
    return true;
  }

  void Give(std::size_t bytes) {
    used_ -= bytes;
    if (used_ < give_back_below_) GiveBack();
  }

  // RESOURCE_EXHAUSTED, for `bytes` that Take() had no room for: names the limit that is in the
  // way, of this connection, of its user or of the server.
  absl::Status Full(std::size_t bytes) const;

  std::size_t used() const { return used_; }
  std::size_t limit() const { return limit_; }

 private:
  bool Reserve(std::size_t bytes);
  void GiveBack();
  void SetReserved(std::size_t bytes);

  const std::size_t limit_;
  const std::string_view name_;
  const std::size_t own_;  // Not taken from the budget.
  ReceiveBudget& budget_;
  std::size_t used_ = 0;
  std::size_t reserved_;
  std::size_t give_back_below_ = 0;
};

}  // namespace piperpc
