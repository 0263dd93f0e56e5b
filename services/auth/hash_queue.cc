#include "services/auth/hash_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace services {

HashQueue::HashQueue(std::size_t threads, std::size_t max_waiting)
    : places_(std::max<std::size_t>(threads, 1) + max_waiting), pool_(threads, places_) {}

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
                   " places are free; a user may hold as many as are free; try again later"));
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
  User& its = users_.find(line_.front())->second;
  absl::AnyInvocable<void()> work = std::move(its.waiting.front());
  its.waiting.pop_front();
  std::list<std::string> user;
  user.splice(user.begin(), line_, line_.begin());
  const std::string* const name = &user.front();
  const bool has_more = !its.waiting.empty();
  if (has_more) line_.push_back(*name);
  lock.unlock();
  work();
  work = nullptr;  // What it holds goes away outside the lock.
  lock.lock();
  Release(*name);
}

void HashQueue::Release(const std::string& user) {
  --held_;
  const auto found = users_.find(user);
  if (--found->second.held == 0) users_.erase(found);
}

}  // namespace services
