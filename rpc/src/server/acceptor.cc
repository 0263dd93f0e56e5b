#include "src/server/acceptor.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::server {

void Acceptor::OnConnect(std::unique_ptr<transport::Pipe> pipe) {
  if (loops_.empty()) return;
  ReceiveBudget* budget = nullptr;
  absl::Status refusal = Count(pipe->peer(), budget);
  ServerLoop& loop = *loops_[next_++ % loops_.size()];
  loop.Adopt(std::move(pipe), *budget, std::move(refusal));
}

absl::Status Acceptor::Count(const Peer& peer, ReceiveBudget*& budget) {
  const std::size_t limit = core_.options.max_connections_per_user;
  std::lock_guard lock(mutex_);
  ++connections_;
  User& user = users_[peer.user];
  if (user.budget == nullptr) {
    user.budget = std::make_unique<ReceiveBudget>(UserShare(core_.options), "parse_budget_per_user",
                                                  &core_.budget);
  }
  budget = user.budget.get();
  if (++user.connections <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the user ", peer.user, " has ", limit, " connections already, the limit"));
}

void Acceptor::OnGone(const Peer& peer) {
  std::lock_guard lock(mutex_);
  --connections_;
  const auto user = users_.find(peer.user);
  if (--user->second.connections == 0) users_.erase(user);
}

std::size_t Acceptor::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

void Acceptor::OnAcceptError(absl::Status status) {
  core_.Log(LogLevel::kError, "cannot take clients", [&status] {
    return LogFields{{"cause", std::string(status.message())}};
  });
}

}  // namespace piperpc::server
