// One user's connections of one loop, where several users share it: which of them wait to be next,
// and what the user has had of this iteration; see UserRoundRobin. Loop thread.
#pragma once

#include <cstddef>

#include "src/base/linked_queue.h"

namespace piperpc::server {

class Connection;

class UserQueue : public base::QueueLink<UserQueue> {
 public:
  base::LinkedQueue<Connection>& waiting() { return waiting_; }

  // One of its connections was admitted; a frame of so many bytes was looked at.
  void CountConnection() { ++connections_; }
  void CountFrame(std::size_t bytes) { work_ += 1 + bytes / kBytesOfAFrame; }

  // Its next connection, or its next frame, must wait for another iteration.
  bool has_had_connections() const { return connections_ >= kConnections || has_had_work(); }
  bool has_had_work() const { return work_ >= kWork; }

  // It is another iteration.
  void StartAgain() { connections_ = work_ = 0; }

 private:
  // A user's part of an iteration. So little that a client of another user waits for a fraction of
  // a millisecond; beside it, each iteration costs little.
  static constexpr std::size_t kConnections = 4;
  static constexpr std::size_t kWork = 32;  // In small frames.

  static constexpr std::size_t kBytesOfAFrame =
      4096;  // To copy them costs as much as a small frame.

  base::LinkedQueue<Connection> waiting_;
  std::size_t connections_ = 0;
  std::size_t work_ = 0;
};

}  // namespace piperpc::server
