// Queues logins of the same name, so that they are tried one at a time.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/internal/mutex.h"

namespace services {

// A queue for each pair of a user name and a peer (piperpc::Peer::user): the first login in it may
// be tried, the others wait. Without it, guesses that arrive together would all be checked before
// the first of them has failed, and none would be delayed. Thread-safe. Must outlive its places.
class LoginQueue {
 public:
  // `limit`: logins in one queue, at least 1.
  explicit LoginQueue(std::size_t limit) : limit_(limit) {}
  LoginQueue(const LoginQueue&) = delete;
  LoginQueue& operator=(const LoginQueue&) = delete;

  // A place in a queue; its destructor, on any thread, leaves the queue.
  class Place {
   public:
    Place(LoginQueue& queue, std::string key) : queue_(queue), key_(std::move(key)) {}
    ~Place() { queue_.Leave(*this); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Set when it is the first in its queue, which it then remains.
    piperpc::AsyncEvent& is_first() { return is_first_; }

   private:
    friend class LoginQueue;
    LoginQueue& queue_;
    const std::string key_;
    piperpc::AsyncEvent is_first_;
  };

  // Takes the last place. RESOURCE_EXHAUSTED: the queue is full; the text names the limit.
  absl::StatusOr<std::unique_ptr<Place>> Join(std::string_view username, std::string_view peer);

 private:
  void Leave(Place& place);

  const std::size_t limit_;
  piperpc::internal::Mutex mutex_;
  std::unordered_map<std::string, std::list<Place*>> queues_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace services
