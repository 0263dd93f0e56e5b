#include "piperpc/session_state.h"

#include <utility>

namespace piperpc {

std::optional<std::string> SessionState::user() const {
  const internal::MutexLock lock(mutex_);
  return user_;
}

void SessionState::set_user(std::optional<std::string> user) {
  const internal::MutexLock lock(mutex_);
  user_ = std::move(user);
}

std::shared_ptr<void> SessionState::FindRaw(const void* key) const {
  const internal::MutexLock lock(mutex_);
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : found->second;
}

void SessionState::PutRaw(const void* key, std::shared_ptr<void> value) {
  const internal::MutexLock lock(mutex_);
  values_[key].swap(value);  // What was there goes away with `value`, when the lock is released.
}

}  // namespace piperpc
