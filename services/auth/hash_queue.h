// The threads that hash passwords, and who is next.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/async.h"

namespace services {

// Work of several users, served round robin: one user's hundred hashes hold up another one's first
// by one hash. No user can fill the queue: each may hold as many places as are free at that moment,
// so that a single one has half of them and there is always room for the next. Thread-safe.
class HashQueue {
 public:
  // Runs up to `threads` (at least 1) at once; `max_waiting` more may wait.
  HashQueue(std::size_t threads, std::size_t max_waiting);
  HashQueue(const HashQueue&) = delete;
  HashQueue& operator=(const HashQueue&) = delete;

  // Runs `work` on one of the threads; what it throws is dropped. RESOURCE_EXHAUSTED names the
  // limit when `user` holds its share, or when the system has no thread.
  absl::Status Run(const std::string& user, absl::AnyInvocable<void()> work);

 private:
  struct User {
    std::size_t held = 0;  // Waiting and running.
    std::deque<absl::AnyInvocable<void()>> waiting;
  };
  class PlaceOf;
  absl::Status CheckShare(const std::string& user, std::size_t held) const;
  absl::AnyInvocable<void()> Withdraw(const std::string& user);
  void RunNext();
  void Release(const std::string& user);

  const std::size_t places_;
  std::mutex mutex_;  // Of all below. Taken before the pool's own.
  std::size_t held_ = 0;
  std::unordered_map<std::string, User> users_;
  std::list<std::string> line_;  // Users with work that waits, the next one first.
  piperpc::WorkerPool pool_;     // The last member: its threads end first.
};

}  // namespace services
