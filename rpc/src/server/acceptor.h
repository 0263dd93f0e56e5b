// Takes clients from the listener and deals them out to the loops.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "src/server/connection_host.h"
#include "src/server/server_loop.h"
#include "src/transport/listener.h"

namespace piperpc::server {

class Acceptor final : public transport::Listener::Delegate {
 public:
  explicit Acceptor(ServerCore& core) : core_(core), nobody_(core, "nobody", 0) {}

  // The loops that take clients, in turn; none: clients are turned away. Not while the listener's
  // loop runs.
  void set_loops(std::vector<ServerLoop*> loops) { loops_ = std::move(loops); }

  // A client is gone: one that was served, or one that was refused. Any thread.
  void OnGone(const Peer& peer);
  void OnRefusedGone();

  // Connections that are served. Any thread.
  std::size_t connections() const;

  // Whether no connection is left, nor one that is being refused. Any thread.
  bool empty() const;

  // transport::Listener::Delegate
  absl::Status Admit(const Peer& peer) override;
  void OnConnect(std::unique_ptr<transport::Pipe> pipe) override;
  void OnRefuse(std::unique_ptr<transport::Pipe> pipe, absl::Status reason) override;
  void OnAcceptError(absl::Status status) override;
  void OnEndpointRemoved(absl::Status restored) override;

 private:
  // The connections of one user, and what they have.
  struct User {
    std::size_t connections = 0;
    std::unique_ptr<UserPart> part;
  };

  ServerLoop& NextLoop() { return *loops_[next_++ % loops_.size()]; }
  UserPart& Count(const Peer& peer);

  ServerCore& core_;
  UserPart nobody_;  // For those that are refused.
  std::vector<ServerLoop*> loops_;
  std::size_t next_ = 0;

  mutable internal::Mutex mutex_;
  std::size_t connections_ ABSL_GUARDED_BY(mutex_) = 0;
  // They hold no place of those that are limited.
  std::size_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, User> users_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace piperpc::server
