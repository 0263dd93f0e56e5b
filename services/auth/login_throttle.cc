#include "services/auth/login_throttle.h"

#include <algorithm>

#include "services/auth/login_key.h"
#include "services/clock/countable.h"

namespace services {
namespace {

// So often even a nanosecond cannot be doubled before it is the longest time there is.
constexpr int kMostCounted = 64;

}  // namespace

LoginThrottle::Duration LoginThrottle::Delay(std::string_view username, std::string_view peer,
                                             TimePoint now) const {
  const piperpc::internal::MutexLock lock(mutex_);
  const auto found = by_key_.find(LoginKey(username, peer));
  if (found == by_key_.end() || Forgotten(*found->second, now)) return Duration::zero();
  const TimePoint allowed = found->second->last + DelayAfter(found->second->failures);
  return std::max(allowed - now, Duration::zero());
}

void LoginThrottle::Failed(std::string_view username, std::string_view peer, TimePoint now) {
  const piperpc::internal::MutexLock lock(mutex_);
  std::string key = LoginKey(username, peer);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (entries_.size() >= options_.max_entries) DropOldest();
    entries_.push_front({key, 1, now});
    by_key_.emplace(std::move(key), entries_.begin());
    return;
  }
  Entry& entry = *found->second;
  entry.failures = Forgotten(entry, now) ? 1 : std::min(entry.failures + 1, kMostCounted);
  entry.last = now;
  entries_.splice(entries_.begin(), entries_, found->second);
}

void LoginThrottle::Succeeded(std::string_view username, std::string_view peer) {
  const piperpc::internal::MutexLock lock(mutex_);
  const auto found = by_key_.find(LoginKey(username, peer));
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

LoginThrottle::Duration LoginThrottle::DelayAfter(int failures) const {
  Duration delay = Countable(options_.first_delay);
  const Duration most = Countable(options_.max_delay);
  for (int i = 1; i < failures && delay < most; ++i) delay *= 2;
  return std::min(delay, most);
}

bool LoginThrottle::Forgotten(const Entry& entry, TimePoint now) const {
  return now - entry.last > Countable(options_.memory);
}

void LoginThrottle::DropOldest() {
  if (entries_.empty()) return;
  by_key_.erase(entries_.back().key);
  entries_.pop_back();
}

}  // namespace services
