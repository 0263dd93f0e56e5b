// Which connections of a loop go on next, where several users share it: each has the same part of
// an iteration, however many connections it has. Loop thread.
#pragma once

#include "src/base/linked_queue.h"
#include "src/server/turn_line.h"
#include "src/transport/event_loop.h"

namespace piperpc::server {

class Turns final : private transport::EventLoop::Timer, private transport::EventLoop::Deferred {
 public:
  explicit Turns(transport::EventLoop& loop) : loop_(loop) {}  // Outlives it.
  ~Turns();

  // At the end of an iteration: true when the connection may go on. False: it stands in its user's
  // line, and gets OnTurn() in a later iteration. `connection` stands in no other queue.
  bool Take(TurnLine& line, Connection& connection);

  // It goes on no more: each connection, once, before its end.
  void Leave(TurnLine& line, Connection& connection);

 private:
  void Count(TurnLine& line);
  void GiveTurns(TurnLine& line);
  void OnTimer() override;
  void OnIterationEnd() override;

  transport::EventLoop& loop_;
  base::LinkedQueue<TurnLine> busy_;  // Those that have taken a turn, or in which somebody waits.
};

}  // namespace piperpc::server
