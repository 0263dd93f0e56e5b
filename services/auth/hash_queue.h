// The threads that hash passwords, shared by the users whose logins need them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/async.h"
#include "piperpc/internal/mutex.h"

namespace services {

// A WorkerPool with a part for each user of the system, so that one user's logins hold up nobody
// else's: users are served round robin, and one has at most three quarters of the threads, rounded
// up, and as many places of the queue as are free at that moment (half of it, when nobody else
// waits). So with fewer than four threads one user may have them all. What else the machine has to
// do goes before all of them (thread_priority.h).
// Thread-safe.
class HashQueue {
 public:
  // Runs up to `threads` (at least 1) at once; up to `max_waiting` more wait.
  HashQueue(std::size_t threads, std::size_t max_waiting);
  HashQueue(const HashQueue&) = delete;
  HashQueue& operator=(const HashQueue&) = delete;

  // Runs `work` on one of the threads; an exception that leaves it is dropped. RESOURCE_EXHAUSTED
  // names the limit when the queue is full or `user` has its share of it, or the system's reason
  // when it refuses the first thread.
  absl::Status Run(const std::string& user, absl::AnyInvocable<void()> work);

 private:
  std::shared_ptr<piperpc::WorkerPool> PartOf(const std::string& user);

  piperpc::WorkerPool pool_;
  piperpc::internal::Mutex mutex_;
  // A part lives as long as its work.
  std::unordered_map<std::string, std::weak_ptr<piperpc::WorkerPool>> parts_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace services
