// A mutex, and its lock, whose use clang checks: which lock guards what is said with
// ABSL_GUARDED_BY, and -Wthread-safety is an error in this project's builds.
#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "absl/base/thread_annotations.h"

namespace piperpc::internal {

// As std::mutex, which the standard library does not annotate.
class ABSL_LOCKABLE Mutex {
 public:
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

  // As MutexLock has them, for who holds it without one.
  void Wait(std::condition_variable& changed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    Adopted lock(mutex_);
    changed.wait(lock.held);
  }
  template <typename TimePoint>
  bool WaitUntil(std::condition_variable& changed, TimePoint limit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    Adopted lock(mutex_);
    return changed.wait_until(lock.held, limit) == std::cv_status::no_timeout;
  }

  // For clang alone: the caller holds it under another name.
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {}

 private:
  friend class MutexLock;

  // Leaves it locked.
  struct Adopted {
    explicit Adopted(std::mutex& mutex) : held(mutex, std::adopt_lock) {}
    ~Adopted() { held.release(); }
    std::unique_lock<std::mutex> held;
  };

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

// As std::shared_mutex, with the locks of one who writes and of many who read.
class ABSL_LOCKABLE SharedMutex {
 private:
  friend class WriterLock;
  friend class ReaderLock;
  std::shared_mutex mutex_;
};

class ABSL_SCOPED_LOCKABLE WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : lock_(mutex.mutex_) {}
  ~WriterLock() ABSL_UNLOCK_FUNCTION() = default;
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  std::unique_lock<std::shared_mutex> lock_;
};

class ABSL_SCOPED_LOCKABLE ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) ABSL_SHARED_LOCK_FUNCTION(mutex) : lock_(mutex.mutex_) {}
  ~ReaderLock() ABSL_UNLOCK_FUNCTION() = default;
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  std::shared_lock<std::shared_mutex> lock_;
};

}  // namespace piperpc::internal
