// A mutex, and its lock, whose use clang checks: which lock guards what is said with
// ABSL_GUARDED_BY, and -Wthread-safety is an error in this project's builds.
#pragma once

#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace piperpc::internal {

// As std::mutex, which the standard library does not annotate.
class ABSL_LOCKABLE Mutex {
 public:
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

  // For clang alone: the caller holds it under another name.
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {}

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// As std::unique_lock: holds the mutex as long as it lives, but between Unlock() and Lock().
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() ABSL_UNLOCK_FUNCTION() = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() ABSL_UNLOCK_FUNCTION() { lock_.unlock(); }
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { lock_.lock(); }

  // Waits once. The caller asks in a loop whether what it waits for has come: a predicate would be
  // a function of its own, of which clang does not know that the lock is held.
  void Wait(std::condition_variable& changed) { changed.wait(lock_); }

  // The same, until `limit` at the latest. False: it is over.
  template <typename TimePoint>
  bool WaitUntil(std::condition_variable& changed, TimePoint limit) {
    return changed.wait_until(lock_, limit) == std::cv_status::no_timeout;
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace piperpc::internal
