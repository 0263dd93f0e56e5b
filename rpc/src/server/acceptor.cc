#include "src/server/acceptor.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::server {

absl::Status Acceptor::Admit(const Peer& peer) {
  const std::size_t limit = core_.options.max_connections_per_user;
  const internal::MutexLock lock(mutex_);
  const auto user = users_.find(peer.user);
  if (user == users_.end() || user->second.connections < limit) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("user ", peer.user, " has ", limit,
                   " connections, which is the limit (max_connections_per_user); try again later"));
}

void Acceptor::OnConnect(std::unique_ptr<transport::Pipe> pipe) {
  if (loops_.empty()) return;
  UserPart& part = Count(pipe->peer());
  NextLoop().Adopt(std::move(pipe), part, absl::OkStatus());
}

UserPart& Acceptor::Count(const Peer& peer) {
  const internal::MutexLock lock(mutex_);
  ++connections_;
  User& user = users_[peer.user];
  ++user.connections;
  if (user.part == nullptr) {
    user.part = std::make_unique<UserPart>(core_, peer.user, core_.options.event_loops);
  }
  core_.users.store(users_.size(), std::memory_order_relaxed);
  return *user.part;
}

void Acceptor::OnRefuse(std::unique_ptr<transport::Pipe> pipe, absl::Status reason) {
  if (loops_.empty()) return;
  {
    const internal::MutexLock lock(mutex_);
    ++refused_;
  }
  NextLoop().Adopt(std::move(pipe), nobody_, std::move(reason));
}

void Acceptor::OnGone(const Peer& peer) {
  const internal::MutexLock lock(mutex_);
  --connections_;
  const auto user = users_.find(peer.user);
  if (--user->second.connections == 0) users_.erase(user);
  core_.users.store(users_.size(), std::memory_order_relaxed);
}

void Acceptor::OnRefusedGone() {
  const internal::MutexLock lock(mutex_);
  --refused_;
}

std::size_t Acceptor::connections() const {
  const internal::MutexLock lock(mutex_);
  return connections_;
}

bool Acceptor::empty() const {
  const internal::MutexLock lock(mutex_);
  return connections_ == 0 && refused_ == 0;
}

void Acceptor::OnAcceptError(absl::Status status) {
  core_.Log(LogLevel::kError, "cannot accept clients", [&status] {
    return LogFields{{"cause", std::string(status.message())}};
  });
}

void Acceptor::OnEndpointRemoved(absl::Status restored) {
  if (restored.ok()) {
    core_.Log(LogLevel::kWarning, "endpoint restored", [] {
      return LogFields{{"cause", "its files had been removed or replaced"}};
    });
    return;
  }
  core_.Log(LogLevel::kError, "endpoint lost", [&restored] {
    return LogFields{{"cause", std::string(restored.message())}};
  });
}

}  // namespace piperpc::server
