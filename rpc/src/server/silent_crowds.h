// The connections of a loop that have said no Hello, by user, and which of them goes when there are
// too many. Each step takes the same time however many connections there are; the choice, a time
// that grows with the number of users that have such connections.
#pragma once

#include <cstddef>

#include "src/base/linked_queue.h"

namespace piperpc::server {

// One user's, oldest first.
template <typename Connection>
class SilentCrowd : public base::QueueLink<SilentCrowd<Connection>> {
 private:
  template <typename>
  friend class SilentCrowds;
  base::LinkedQueue<Connection> connections_;
};

template <typename Connection>
class SilentCrowds {
 public:
  using Crowd = SilentCrowd<Connection>;

  std::size_t size() const { return size_; }

  // `crowd`: the connection's user's, here and below. `connection`: in no other queue; the newest
  // of all, as its number() says.
  void Add(Crowd& crowd, Connection& connection) {
    if (crowd.connections_.empty()) crowds_.push_back(crowd);
    crowd.connections_.push_back(connection);
    ++size_;
  }

  // Nothing when it is not in here.
  void Remove(Crowd& crowd, Connection& connection) {
    if (!crowd.connections_.Contains(connection)) return;
    crowd.connections_.Remove(connection);
    if (crowd.connections_.empty()) crowds_.Remove(crowd);
    --size_;
  }

  // The oldest of the user that has the most of them; of several such users, of the one whose
  // oldest came first. So a crowd of one user's never makes those of others go. There is one.
  Connection& OldestOfLargest() const {
    const Crowd* largest = &crowds_.front();
    crowds_.ForEach([&largest](const Crowd& crowd) {
      if (IsBefore(crowd, *largest)) largest = &crowd;
    });
    return largest->connections_.front();
  }

 private:
  static bool IsBefore(const Crowd& left, const Crowd& right) {
    const std::size_t left_size = left.connections_.size();
    const std::size_t right_size = right.connections_.size();
    if (left_size != right_size) return left_size > right_size;
    return left.connections_.front().number() < right.connections_.front().number();
  }

  base::LinkedQueue<Crowd> crowds_;  // None is empty.
  std::size_t size_ = 0;
};

}  // namespace piperpc::server
