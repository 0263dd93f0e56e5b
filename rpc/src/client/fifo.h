// A queue that, unlike std::deque, holds no memory before its first element. It is for what is
// nearly always empty: to see that is all that is done in line. Not thread-safe.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"

namespace piperpc::client {

template <typename T>
class Fifo {
 public:
  bool empty() const { return first_ == items_.size(); }
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const { return items_.end(); }
  const T& front() const { return items_[first_]; }
  ABSL_ATTRIBUTE_NOINLINE void push_back(T item) { items_.push_back(std::move(item)); }

  // The first, taken out. There is one.
  ABSL_ATTRIBUTE_NOINLINE T Pop() {
    T item = std::move(items_[first_++]);
    if (first_ > items_.size() / 2) DropTaken();  // No more are moved than were taken.
    return item;
  }

  // The first that equals `item`, if there is one.
  void Remove(const T& item) {
    for (auto each = begin(); each != end(); ++each) {
      if (*each != item) continue;
      items_.erase(each);
      return;
    }
  }

 private:
  void DropTaken() {
    items_.erase(items_.begin(), begin());
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0;  // Those before it were taken.
};

}  // namespace piperpc::client
