#include "src/builtin/health_board.h"

#include <algorithm>
#include <utility>

namespace piperpc::builtin {

HealthBoard::HealthBoard(std::function<std::vector<std::string>()> services)
    : services_(std::move(services)) {}

std::optional<v1::ServingStatus> HealthBoard::Look(std::string_view service) const {
  if (!service.empty()) {
    const std::vector<std::string> names = services_();
    if (std::find(names.begin(), names.end(), service) == names.end()) return std::nullopt;
  }
  std::lock_guard lock(mutex_);
  const auto found = serving_.find(service);
  const bool serving = found == serving_.end() || found->second;
  return serving ? v1::SERVING_STATUS_SERVING : v1::SERVING_STATUS_NOT_SERVING;
}

void HealthBoard::Set(std::string_view service, bool serving) {
  std::lock_guard lock(mutex_);
  serving_.insert_or_assign(std::string(service), serving);
  for (AsyncEvent* watcher : watchers_) watcher->Set();
}

HealthBoard::Watcher::Watcher(HealthBoard& board) : board_(board) {
  std::lock_guard lock(board_.mutex_);
  place_ = board_.watchers_.insert(board_.watchers_.end(), &event_);
}

HealthBoard::Watcher::~Watcher() {
  std::lock_guard lock(board_.mutex_);
  board_.watchers_.erase(place_);
}

}  // namespace piperpc::builtin
