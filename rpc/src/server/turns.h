// Which connections of a loop go on next. While the server has one user, all of them do, in each
// iteration of the loop. With several, each user has the same part of an iteration, however many
// connections it has. Loop thread.
#pragma once

#include <atomic>
#include <cstddef>

#include "src/base/linked_queue.h"
#include "src/transport/event_loop.h"

namespace piperpc::server {

class Connection;

class Turns final : private transport::EventLoop::Timer, private transport::EventLoop::Deferred {
 public:
  // One user's connections of one loop.
  class Line : public base::QueueLink<Line> {
   private:
    friend class Turns;
    base::LinkedQueue<Connection> waiting_;
    std::size_t taken_ = 0;  // Turns, in this iteration.
  };

  // `users`: how many the server has. Both outlive it.
  Turns(transport::EventLoop& loop, const std::atomic<std::size_t>& users)
      : loop_(loop), users_(users) {}
  ~Turns();

  // So many frames of one connection are looked at in a turn.
  std::size_t frames() const { return shared() ? 32 : 128; }

  // At the end of an iteration: true when the connection may go on. False: it stands in its user's
  // line, and gets OnTurn() in a later iteration. `connection` stands in no other queue.
  bool Take(Line& line, Connection& connection) {
    return !shared() || TakeShared(line, connection);
  }

  // It goes on no more: each connection, once, before its end.
  void Leave(Line& line, Connection& connection);

 private:
  bool shared() const { return users_.load(std::memory_order_relaxed) > 1; }
  bool TakeShared(Line& line, Connection& connection);
  void Count(Line& line);
  void GiveTurns(Line& line);
  void OnTimer() override;
  void OnIterationEnd() override;

  transport::EventLoop& loop_;
  const std::atomic<std::size_t>& users_;
  base::LinkedQueue<Line> busy_;  // Those that have taken a turn, or in which somebody waits.
};

}  // namespace piperpc::server
