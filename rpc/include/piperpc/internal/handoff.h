// Messages on their way between a coroutine and a thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/async.h"
#include "piperpc/internal/codec.h"
#include "piperpc/internal/mutex.h"

namespace piperpc::internal {

// A queue between a coroutine on the loop and a thread that may wait; one of each. It is bounded in
// messages and in bytes, and takes one message of any size when it is empty. What the coroutine
// puts in is taken only once the thread has asked for the first: before that, its messages wait
// where the server counts them. Either end may close it: nothing is put in after that, and what is
// in it can still be taken.
template <typename T>
class Handoff {
 public:
  // Thread side: these wait. False, or none: closed.
  bool PutAndWait(T value) {
    const std::size_t size = ByteSize(value);
    {
      MutexLock lock(mutex_);
      while (!closed_ && !FitsLocked(size)) lock.Wait(changed_);
      if (closed_) return false;
      PushLocked(std::move(value), size);
    }
    event_.Set();
    return true;
  }
  std::optional<T> TakeAndWait() {
    std::optional<T> value;
    if (!Want()) event_.Set();
    {
      MutexLock lock(mutex_);
      while (!closed_ && queue_.empty()) lock.Wait(changed_);
      value = PopLocked();
    }
    event_.Set();
    return value;
  }

  // Coroutine side: these do not wait; event() tells when it is worth another try. Put() asks
  // full() first, for the size of a message is known only when it has been read.
  bool full() {
    const MutexLock lock(mutex_);
    return !closed_ && !(wanted_ && FitsLocked(1));
  }
  bool Put(T value) {
    const std::size_t size = ByteSize(value);
    const MutexLock lock(mutex_);
    if (closed_) return false;
    PushLocked(std::move(value), size);
    changed_.notify_one();
    return true;
  }
  std::optional<T> Take() {
    const MutexLock lock(mutex_);
    changed_.notify_one();
    return PopLocked();
  }
  AsyncEvent& event() { return event_; }

  // Any thread.
  void Close() {
    {
      const MutexLock lock(mutex_);
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

  // By the thread. False: for the first time.
  bool Want() {
    const MutexLock lock(mutex_);
    return std::exchange(wanted_, true);
  }
  bool FitsLocked(std::size_t size) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return queue_.empty() || (queue_.size() < kMaxMessages && bytes_ + size <= kMaxBytes);
  }
  void PushLocked(T value, std::size_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    bytes_ += size;
    queue_.push_back({std::move(value), size});
  }
  std::optional<T> PopLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front().value));
    bytes_ -= queue_.front().size;
    queue_.pop_front();
    return value;
  }

  Mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mutex_);
  std::size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  AsyncEvent event_;
};

}  // namespace piperpc::internal
