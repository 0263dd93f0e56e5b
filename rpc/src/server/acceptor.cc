#include "src/server/acceptor.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::server {

void Acceptor::OnConnect(std::unique_ptr<transport::Pipe> pipe) {
  if (loops_.empty()) return;
  absl::Status refusal = Count(pipe->peer());
  ServerLoop& loop = *loops_[next_++ % loops_.size()];
  loop.Adopt(std::move(pipe), std::move(refusal));
}

absl::Status Acceptor::Count(const Peer& peer) {
  const std::size_t limit = core_.options.max_connections_per_user;
  std::lock_guard lock(mutex_);
  ++connections_;
  if (++per_user_[peer.user] <= limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the user ", peer.user, " has ", limit, " connections already, the limit"));
}

void Acceptor::OnGone(const Peer& peer) {
  std::lock_guard lock(mutex_);
  --connections_;
  const auto user = per_user_.find(peer.user);
  if (--user->second == 0) per_user_.erase(user);
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
