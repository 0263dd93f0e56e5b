// One user's connections of one loop: which of them have said no Hello (see SilentCrowds), and,
// where several users share it, which wait to be next, and what the user has had of this iteration
// (see UserRoundRobin). Loop thread.
#pragma once

#include <chrono>
#include <cstddef>

#include "src/base/clock.h"
#include "src/base/linked_queue.h"
#include "src/server/silent_crowds.h"

namespace piperpc::server {

class Connection;

class UserQueue : public base::QueueLink<UserQueue> {
 public:
  static constexpr std::size_t kMostKept = 64 * 1024 * 1024;

  SilentCrowd<Connection>& silent() { return silent_; }
  base::LinkedQueue<Connection>& waiting() { return waiting_; }

  // One of its connections was told to continue; a frame of `bytes` bytes was looked at, which took
  // `time`, with what its call has done on the loop until it first had to wait.
  void CountConnection() { ++connections_; }
  void CountFrame(std::size_t bytes, base::Duration time) {
    work_ += 1 + bytes / kBytesOfAFrame + static_cast<std::size_t>(time / kTimeOfAFrame);
  }

  // What its connections keep of packets that must wait, in bytes.
  void CountKept(std::size_t bytes) { kept_ += bytes; }
  void UncountKept(std::size_t bytes) { kept_ -= bytes; }
  bool keeps_too_much() const { return kept_ > kMostKept; }

  // Its next connection, or its next frame, must wait for another iteration.
  bool used_up() const { return connections_ >= kConnections || work_used_up(); }
  bool work_used_up() const { return work_ >= kWork; }

  // What comes from now on counts anew.
  void StartAgain() { connections_ = work_ = 0; }

 private:
  // A user's part of an iteration: of what has just come, and again of connections that wait. So
  // little that a client of another user waits for a fraction of a millisecond where frames cost
  // little; beside it, each iteration costs little.
  static constexpr std::size_t kConnections = 4;
  static constexpr std::size_t kWork = 32;  // In small frames.

  // To copy this many costs as much as a small frame. And what takes so long counts as one more.
  static constexpr std::size_t kBytesOfAFrame = 4096;
  static constexpr base::Duration kTimeOfAFrame = std::chrono::microseconds(20);

  SilentCrowd<Connection> silent_;
  base::LinkedQueue<Connection> waiting_;
  std::size_t connections_ = 0;
  std::size_t work_ = 0;
  std::size_t kept_ = 0;
};

}  // namespace piperpc::server
