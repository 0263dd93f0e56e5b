#include "src/builtin/health_board.h"

#include <algorithm>
#include <utility>

namespace piperpc::builtin {

HealthBoard::HealthBoard(std::function<std::vector<std::string>()> services)
    : services_(std::move(services)) {}

std::optional<v1::ServingStatus> HealthBoard::Look(std::string_view service) const {
  if (!Has(service)) return std::nullopt;
  const internal::MutexLock lock(mutex_);
  const auto found = serving_.find(service);
  const bool serving = found == serving_.end() || found->second;
  return serving ? v1::SERVING_STATUS_SERVING : v1::SERVING_STATUS_NOT_SERVING;
}

bool HealthBoard::Set(std::string_view service, bool serving) {
  if (!Has(service)) return false;
  const internal::MutexLock lock(mutex_);
  serving_.insert_or_assign(std::string(service), serving);
  for (AsyncEvent* watcher : watchers_) watcher->Set();
  return true;
}

// The server as a whole is always there.
bool HealthBoard::Has(std::string_view service) const {
  if (service.empty()) return true;
  const std::vector<std::string> names = services_();
  return std::find(names.begin(), names.end(), service) != names.end();
}

HealthBoard::Watcher::Watcher(HealthBoard& board) : board_(board) {
  const internal::MutexLock lock(board_.mutex_);
  place_ = board_.watchers_.insert(board_.watchers_.end(), &event_);
}

HealthBoard::Watcher::~Watcher() {
  const internal::MutexLock lock(board_.mutex_);
  board_.watchers_.erase(place_);
}

}  // namespace piperpc::builtin
