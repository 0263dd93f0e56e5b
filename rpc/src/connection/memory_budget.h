// Memory that peers decide about: for messages of theirs that are not whole yet or wait for their
// handler, and for replies that they do not read. Counted for the server, within it for each user,
// and within that for each connection, so that none of them can take what the others need.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace piperpc::connection {

// What several connections share. Thread-safe.
class MemoryBudget {
 public:
  // `name`: the option behind the limit; a literal. `parent`: the budget that this one is a part
  // of, and that outlives it; null: none.
  MemoryBudget(std::size_t limit, std::string_view name, MemoryBudget* parent = nullptr)
      : limit_(limit), name_(name), parent_(parent) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Takes from this one and from those that it is a part of; from all of them or from none.
  bool Take(std::size_t bytes);
  void Give(std::size_t bytes);

  // That of these budgets which has no room for `bytes`; the outermost if all of them have.
  const MemoryBudget& Full(std::size_t bytes) const;

  std::size_t limit() const { return limit_; }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }
  std::string_view name() const { return name_; }

 private:
  bool TakeHere(std::size_t bytes);

  const std::size_t limit_;
  const std::string_view name_;
  MemoryBudget* const parent_;
  std::atomic<std::size_t> used_ = 0;
};

// What one connection has of it. Takes from the budget in steps, so that a small message costs no
// more than a comparison. One thread.
class MemoryShare {
 public:
  // `budget` outlives it.
  MemoryShare(std::size_t limit, const char* name, MemoryBudget& budget);
  ~MemoryShare();
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;

  bool Take(std::size_t bytes) {
    if (bytes > reserved_ - used_ && !Reserve(bytes)) return false;
    used_ += bytes;
    return true;
  }

  void Give(std::size_t bytes) {
    used_ -= bytes;
    if (used_ < give_back_below_) GiveBack();
  }

  // "the limit of N bytes (option)": that which is in the way of `bytes` that Take() had no room
  // for, of this connection, of its user or of the server.
  std::string LimitInTheWay(std::size_t bytes) const;

  std::size_t used() const { return used_; }
  std::size_t limit() const { return limit_; }

 private:
  bool Reserve(std::size_t bytes);
  void GiveBack();
  void SetReserved(std::size_t bytes);

  const std::size_t limit_;
  const char* const name_;
  const std::size_t own_;  // Not taken from the budget.
  MemoryBudget& budget_;
  std::size_t used_ = 0;
  std::size_t reserved_;
  std::size_t give_back_below_ = 0;
};

}  // namespace piperpc::connection
