#include "services/auth/login_queue.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/auth/login_key.h"

namespace services {

absl::StatusOr<std::unique_ptr<LoginQueue::Place>> LoginQueue::Join(std::string_view username,
                                                                    std::string_view peer) {
  // Declared before the lock: when something below fails, its destructor takes the lock.
  auto place = std::make_unique<Place>(*this, LoginKey(username, peer));
  const piperpc::internal::MutexLock lock(mutex_);
  std::list<Place*>& queue = queues_[place->key_];
  if (queue.size() >= limit_) {
    return absl::ResourceExhaustedError(
        absl::StrCat(queue.size(), " logins of this user name are in progress; the limit is ",
                     limit_, " (hash_queue); try again later"));
  }
  queue.push_back(place.get());
  if (queue.size() == 1) place->is_first_.Set();
  return place;
}

void LoginQueue::Leave(Place& place) {
  const piperpc::internal::MutexLock lock(mutex_);
  const auto found = queues_.find(place.key_);
  if (found == queues_.end()) return;
  std::list<Place*>& queue = found->second;
  const auto position = std::find(queue.begin(), queue.end(), &place);
  if (position == queue.end()) return;
  const bool was_first = position == queue.begin();
  queue.erase(position);
  if (queue.empty()) {
    queues_.erase(found);
  } else if (was_first) {
    queue.front()->is_first_.Set();
  }
}

}  // namespace services
