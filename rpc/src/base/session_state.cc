#include "piperpc/session_state.h"

#include <utility>

namespace piperpc {

std::optional<std::string> SessionState::user() const {
  const internal::MutexLock lock(mutex_);
  return content_ == nullptr ? std::nullopt : content_->user;
}

void SessionState::set_user(std::optional<std::string> user) {
  const internal::MutexLock lock(mutex_);
  if (user.has_value() || content_ != nullptr) content().user = std::move(user);
}

std::shared_ptr<void> SessionState::FindRaw(const void* key) const {
  const internal::MutexLock lock(mutex_);
  if (content_ == nullptr) return nullptr;
  const auto found = content_->values.find(key);
  return found == content_->values.end() ? nullptr : found->second;
}

void SessionState::PutRaw(const void* key, std::shared_ptr<void> value) {
  const internal::MutexLock lock(mutex_);
  content().values[key].swap(
      value);  // What was there goes away with `value`, when the lock is released.
}

// A value that is not kept goes away with the parameter, when the lock is released.
std::shared_ptr<void> SessionState::FindOrPutRaw(const void* key, std::shared_ptr<void> value) {
  const internal::MutexLock lock(mutex_);
  std::shared_ptr<void>& kept = content().values[key];
  if (kept == nullptr) kept.swap(value);
  return kept;
}

SessionState::Content& SessionState::content() {
  if (content_ == nullptr) content_ = std::make_unique<Content>();
  return *content_;
}

}  // namespace piperpc
