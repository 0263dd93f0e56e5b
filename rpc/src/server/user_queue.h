// One user's connections of one loop that wait to be next; see UserRoundRobin.
#pragma once

#include <cstddef>

#include "src/base/linked_queue.h"

namespace piperpc::server {

class Connection;

struct UserQueue : base::QueueLink<UserQueue> {
  base::LinkedQueue<Connection> waiting;
  std::size_t admitted = 0;  // Connections, in this iteration.
};

}  // namespace piperpc::server
