#include "services/auth/hash_queue.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace services {
namespace {

std::size_t Places(std::size_t threads, std::size_t max_waiting) {
  threads = std::max<std::size_t>(threads, 1);
  return threads + std::min(max_waiting, std::numeric_limits<std::size_t>::max() - threads);
}

}  // namespace

// A place that is held, until this goes away, also by an exception.
class HashQueue::PlaceOf {
 public:
  PlaceOf(HashQueue& queue, const std::string& user) : queue_(queue), user_(user) {}
  ~PlaceOf() {
    std::lock_guard lock(queue_.mutex_);
    queue_.Release(user_);
  }
  PlaceOf(const PlaceOf&) = delete;
  PlaceOf& operator=(const PlaceOf&) = delete;

 private:
  HashQueue& queue_;
  const std::string& user_;
};

HashQueue::HashQueue(std::size_t threads, std::size_t max_waiting)
    : places_(Places(threads, max_waiting)), pool_(threads, places_) {}

absl::Status HashQueue::Run(const std::string& user, absl::AnyInvocable<void()> work) {
  absl::AnyInvocable<void()> withdrawn;  // Goes away without the lock.
  std::lock_guard lock(mutex_);
  User& its = users_[user];
  absl::Status status = CheckShare(user, its.held);
  if (status.ok()) {
    its.waiting.push_back(std::move(work));
    if (its.waiting.size() == 1) line_.push_back(user);
    ++its.held;
    ++held_;
    status = pool_.Run([this] { RunNext(); });
    if (!status.ok()) withdrawn = Withdraw(user);
  }
  if (its.held == 0) users_.erase(user);
  return status;
}

absl::Status HashQueue::CheckShare(const std::string& user, std::size_t held) const {
  const std::size_t unused = places_ - held_;
  if (held < unused) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(held, " logins of ", user, " are being checked, and ", unused, " of ", places_,
                   " places are free; a user may have at most as many logins checked as there are ",
                   "free places; try again later"));
}

// Takes back what was added last.
absl::AnyInvocable<void()> HashQueue::Withdraw(const std::string& user) {
  User& its = users_[user];
  absl::AnyInvocable<void()> work = std::move(its.waiting.back());
  its.waiting.pop_back();
  if (its.waiting.empty()) line_.pop_back();
  --its.held;
  --held_;
  return work;
}

void HashQueue::RunNext() {
  std::unique_lock lock(mutex_);
  if (line_.empty()) return;
  auto& [user, its] = *users_.find(line_.front());  // Stays as long as it holds a place.
  absl::AnyInvocable<void()> work = std::move(its.waiting.front());
  its.waiting.pop_front();
  if (its.waiting.empty()) {
    line_.pop_front();
  } else {
    line_.splice(line_.end(), line_, line_.begin());
  }
  lock.unlock();
  const PlaceOf place(*this, user);
  work();
  work = nullptr;  // What it holds goes away before another one has the place.
}

void HashQueue::Release(const std::string& user) {
  --held_;
  const auto found = users_.find(user);
  if (--found->second.held == 0) users_.erase(found);
}

}  // namespace services
