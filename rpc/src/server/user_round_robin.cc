#include "src/server/user_round_robin.h"

#include <utility>

#include "src/server/connection.h"

namespace piperpc::server {

UserRoundRobin::~UserRoundRobin() {
  loop_.Cancel(*this);
  loop_.Undefer(*this);
}

bool UserRoundRobin::ContinueOrQueue(UserQueue& queue, Connection& connection) {
  if (queue.waiting().Contains(connection)) return false;
  loop_.Defer(*this);  // Behind all connections that were deferred in this iteration.
  if (!busy_.Contains(queue)) busy_.push_back(queue);
  if (queue.waiting().empty() && !queue.used_up()) {
    queue.CountConnection();
    return true;
  }
  queue.waiting().push_back(connection);
  return false;
}

// What the user has had stays counted, at the latest until the next ContinueOrQueue() for it: it
// gets no more by ending its connections.
void UserRoundRobin::Leave(UserQueue& queue, Connection& connection) {
  if (queue.waiting().Contains(connection)) queue.waiting().Remove(connection);
  // It may have been the user's last connection, and the queue is gone then.
  if (queue.waiting().empty() && busy_.Contains(queue)) busy_.Remove(queue);
}

void UserRoundRobin::OnIterationEnd() {
  if (std::exchange(others_first_, false)) return loop_.Defer(*this);
  for (std::size_t left = busy_.size(); left > 0; --left) {
    UserQueue& queue = busy_.Pop();
    queue.StartAgain();
    if (!queue.waiting().empty()) busy_.push_back(queue);
  }
  if (!busy_.empty()) loop_.Schedule(*this, loop_.Now());
}

// Those that wait have a part of their own: what came in this iteration, of new connections too,
// does not count against them, or it could keep them waiting for ever. Timers that fire after this
// one defer connections behind it, which belong to this iteration, too.
void UserRoundRobin::OnTimer() {
  others_first_ = true;
  loop_.Defer(*this);
  for (std::size_t left = busy_.size(); left > 0 && !busy_.empty(); --left) {
    UserQueue& queue = busy_.Pop();
    busy_.push_back(queue);
    queue.StartAgain();
    ContinueWaiting(queue);
  }
}

void UserRoundRobin::ContinueWaiting(UserQueue& queue) {
  while (!queue.waiting().empty() && !queue.used_up()) {
    queue.CountConnection();
    queue.waiting().Pop().OnNext();
  }
}

}  // namespace piperpc::server
