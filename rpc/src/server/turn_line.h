// One user's connections of one loop, where several users share it; see Turns.
#pragma once

#include <cstddef>

#include "src/base/linked_queue.h"

namespace piperpc::server {

class Connection;

struct TurnLine : base::QueueLink<TurnLine> {
  base::LinkedQueue<Connection> waiting;  // For their turn.
  std::size_t taken = 0;                  // Turns, in this iteration.
};

}  // namespace piperpc::server
