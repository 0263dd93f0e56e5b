// Which connections of a loop continue next, where several users share it: each user has the same
// part of an iteration, however many connections it has. Loop thread.
#pragma once

#include "src/base/linked_queue.h"
#include "src/server/user_queue.h"
#include "src/transport/event_loop.h"

namespace piperpc::server {

class UserRoundRobin final : private transport::EventLoop::Timer,
                             private transport::EventLoop::Deferred {
 public:
  explicit UserRoundRobin(transport::EventLoop& loop) : loop_(loop) {}  // Outlives it.
  ~UserRoundRobin();

  // At the end of an iteration: true when the connection may continue at once. False: it waits in
  // its user's queue, and gets OnNext() in a later iteration. `connection` is in no other queue.
  bool ContinueOrQueue(UserQueue& queue, Connection& connection);

  // The connection ends: it waits no longer. Each connection, once.
  void Leave(UserQueue& queue, Connection& connection);

 private:
  void ContinueWaiting(UserQueue& queue);
  void OnTimer() override;
  void OnIterationEnd() override;

  transport::EventLoop& loop_;
  base::LinkedQueue<UserQueue> busy_;  // Of users that have had something, or wait.
  bool others_first_ = false;          // Those that timers have deferred behind it.
};

}  // namespace piperpc::server
