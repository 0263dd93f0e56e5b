// Messages on their way between a coroutine and a thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/internal/codec.h"

namespace piperpc::internal {

// A queue between a coroutine on the loop and a thread that may wait; one of each. It is bounded in
// messages and in bytes, and takes one message of any size when it is empty. What the coroutine
// puts in is taken only once the thread has asked for the first: before that, its messages wait
// where the server counts them. Either end may close
// it: nothing is put in after that, and what is in it can still be taken.
template <typename T>
class Handoff {
 public:
  // Thread side: these wait. False, or none: closed.
  bool PutAndWait(T value) {
    const std::size_t size = ByteSize(value);
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this, size] { return closed_ || FitsLocked(size); });
      if (closed_) return false;
      PushLocked(std::move(value), size);
    }
    event_.Set();
    return true;
  }
  std::optional<T> TakeAndWait() {
    std::optional<T> value;
    if (std::unique_lock lock(mutex_); !std::exchange(wanted_, true)) {
      lock.unlock();
      event_.Set();
    }
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      value = PopLocked();
    }
    event_.Set();
    return value;
  }

  // Coroutine side: these do not wait; event() tells when it is worth another try. Put() asks
  // full() first, for the size of a message is known only when it has been read.
  bool full() {
    std::lock_guard lock(mutex_);
    return !closed_ && !(wanted_ && FitsLocked(1));
  }
  bool Put(T value) {
    const std::size_t size = ByteSize(value);
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    PushLocked(std::move(value), size);
    changed_.notify_one();
    return true;
  }
  std::optional<T> Take() {
    std::lock_guard lock(mutex_);
    changed_.notify_one();
    return PopLocked();
  }
  AsyncEvent& event() { return event_; }

  // Any thread.
  void Close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    event_.Set();
  }

 private:
  static constexpr std::size_t kMaxMessages = 16;
  static constexpr std::size_t kMaxBytes = 64 * 1024;

  struct Entry {
    T value;
    std::size_t size;
  };

  bool FitsLocked(std::size_t size) const {
    return queue_.empty() || (queue_.size() < kMaxMessages && bytes_ + size <= kMaxBytes);
  }
  void PushLocked(T value, std::size_t size) {
    bytes_ += size;
    queue_.push_back({std::move(value), size});
  }
  std::optional<T> PopLocked() {
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front().value));
    bytes_ -= queue_.front().size;
    queue_.pop_front();
    return value;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> queue_;
  std::size_t bytes_ = 0;
  bool closed_ = false;
  bool wanted_ = false;  // By the thread.
  AsyncEvent event_;
};

}  // namespace piperpc::internal
