// A queue of objects that hold their own links: whoever is in it leaves it in no time, wherever it
// stands, and nothing is allocated. Not thread-safe.
#pragma once

#include <cstddef>
#include <utility>

namespace piperpc::base {

// The base of what stands in a queue; in one at a time. It must leave before its end.
template <typename T>
class QueueLink {
 public:
  QueueLink() = default;
  QueueLink(const QueueLink&) = delete;
  QueueLink& operator=(const QueueLink&) = delete;

 protected:
  ~QueueLink() = default;

 private:
  template <typename>
  friend class LinkedQueue;
  T* before_ = nullptr;
  T* behind_ = nullptr;
};

template <typename T>
class LinkedQueue {
 public:
  LinkedQueue() = default;
  LinkedQueue(const LinkedQueue&) = delete;
  LinkedQueue& operator=(const LinkedQueue&) = delete;

  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  T& front() const { return *first_; }  // There is one.

  void push_back(T& item) {
    Link(item).before_ = last_;
    (last_ == nullptr ? first_ : Link(*last_).behind_) = &item;
    last_ = &item;
    ++size_;
  }

  void push_front(T& item) {
    Link(item).behind_ = first_;
    (first_ == nullptr ? last_ : Link(*first_).before_) = &item;
    first_ = &item;
    ++size_;
  }

  // For what stands in no other queue.
  bool Contains(T& item) const { return first_ == &item || Link(item).before_ != nullptr; }

  // `item` is in the queue.
  void Remove(T& item) {
    QueueLink<T>& link = item;
    T* const before = std::exchange(link.before_, nullptr);
    T* const behind = std::exchange(link.behind_, nullptr);
    (before == nullptr ? first_ : Link(*before).behind_) = behind;
    (behind == nullptr ? last_ : Link(*behind).before_) = before;
    --size_;
  }

  // The first, taken out. There is one.
  T& Pop() {
    T& item = *first_;
    Remove(item);
    return item;
  }

  // Calls `visit` with each, in order. It must not change the queue.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (T* item = first_; item != nullptr; item = Link(*item).behind_) visit(*item);
  }

 private:
  static QueueLink<T>& Link(T& item) { return item; }

  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace piperpc::base
